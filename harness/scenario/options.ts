// What a scenario asks for. Combinations that no machine offers do not compile.

import type { DeviceClock } from '../vmmci/clock.js';
import type { GenerationName } from '../vmmci/generations.js';
import type { Scheduler } from '../vmmci/scheduler.js';
import type { VmDevices } from '../vmmci/slots.js';
import type { KernelOption } from './kernel-needs.js';

/** `ioapic` (default): as vmd has one from 8.0 on. `pic`: the guest uses the two 8259A, which is all that vmd had before. */
export type InterruptController = 'ioapic' | 'pic';

export interface CommonOptions {
  /** A clock, or one as the command line writes it. Default: the host's. */
  readonly clock?: string | DeviceClock;
  readonly generation?: GenerationName;
  /** What the device offers in place of the generation's features. */
  readonly features?: number;
  /** What the host's timers and its watch on the clock run on. Default: real time. The guest's time is always its own. */
  readonly scheduler?: Scheduler;
  /** `loaded` (default), `installed` where modprobe finds it, or `absent`. */
  readonly driver?: 'loaded' | 'installed' | 'absent';
  /** Parameters of the driver when it is loaded. A driver without one of them is skipped. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Parameters that are set where the driver has them. */
  readonly optionalParameters?: Readonly<Record<string, string>>;
  /** The driver looks at the command only when it is interrupted, where its description says how. */
  readonly quiet?: boolean;
  /** `restored` (default): from the snapshot, function plugged in. `cold`: the function is there from power-on. */
  readonly boot?: 'restored' | 'cold';
  /** Default 1. Each number is a machine, and a snapshot, of its own. */
  readonly cpus?: 1 | 2;
  /** What the kernel must have been built with, beyond what the machine itself needs; else the scenario is skipped. */
  readonly needs?: readonly KernelOption[];
}

/** Our own small guest on QEMU's PC: the function is plugged in, and there is a data disk. */
export interface QemuMachine {
  readonly guest?: 'initramfs';
  readonly layout?: 'qemu';
  readonly devices?: never;
  readonly interrupts?: InterruptController;
  /** `false`: the scenario plugs the function in by itself. */
  readonly plugged?: boolean;
  /** The data disk holds an ext4. */
  readonly disk?: boolean;
}

/** Our own small guest on vmd's machine, whose slots no device can be plugged into or pulled out of. It has no data disk. */
export interface VmdMachine {
  readonly guest?: 'initramfs';
  readonly layout: 'vmd';
  /** What the VM has besides entropy and the function. Default: a network, a disk and a CD-ROM drive. */
  readonly devices?: VmDevices;
  readonly interrupts?: InterruptController;
  readonly plugged?: never;
  readonly disk?: never;
}

/** Debian with systemd on QEMU's PC, the driver installed in it; its modules are loaded at boot. */
export interface DistroMachine {
  readonly guest: 'distro';
  readonly layout?: never;
  readonly devices?: never;
  readonly interrupts?: never;
  /** `false`: the scenario plugs the function in by itself. */
  readonly plugged?: boolean;
  readonly disk?: never;
}

export type ScenarioOptions = CommonOptions & (QemuMachine | VmdMachine | DistroMachine);
