// The options of a scenario. Combinations that no machine supports do not compile.

import type { DeviceClock } from '../vmmci/clock.js';
import type { GenerationName } from '../vmmci/generations.js';
import type { Scheduler } from '../vmmci/scheduler.js';
import type { VmDevices } from '../vmmci/slots.js';
import type { KernelOption } from './kernel-needs.js';

/**
 * The interrupt controller of the machine. `ioapic` (default): an I/O APIC, which vmd has since OpenBSD 8.0.
 * `pic`: the two 8259A, the only controllers of earlier versions.
 */
export type InterruptController = 'ioapic' | 'pic';

export interface CommonOptions {
  /** The clock of the device, or its description as on the command line (default: the clock of the host). */
  readonly clock?: string | DeviceClock;
  /** Emulate the vmd of this OpenBSD release (default: the choice on the command line). */
  readonly generation?: GenerationName;
  /** The features that the device offers (default: those of the generation). */
  readonly features?: number;
  /** Runs the host's timers, and its checks of the clock, for the device (default: in real time). */
  readonly scheduler?: Scheduler;
  /** The driver is `loaded` (default), `installed` where modprobe finds it, or `absent`. */
  readonly driver?: 'loaded' | 'installed' | 'absent';
  /** Parameters for loading the driver. The scenario is skipped if the driver lacks one. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Parameters that are set if the driver has them. */
  readonly optionalParameters?: Readonly<Record<string, string>>;
  /** The interval of the polls of the command in milliseconds, if the driver has a parameter for it. */
  readonly pollMs?: number;
  /**
   * Load the driver so that it reads the command only when it is interrupted, if its description says how.
   */
  readonly quiet?: boolean;
  /** `restored` (default) restores a snapshot and plugs the function in. `cold` boots with the function. */
  readonly boot?: 'restored' | 'cold';
  /** The number of CPUs (default: 1). Each number needs its own snapshot. */
  readonly cpus?: 1 | 2;
  /**
   * Options that the kernel must be built with, besides those of the machine. Otherwise the scenario is
   * skipped.
   */
  readonly needs?: readonly KernelOption[];
}

/** The small guest on QEMU's PC. The function is plugged in, and there is a data disk. */
export interface QemuMachine {
  readonly guest?: 'initramfs';
  readonly layout?: 'qemu';
  readonly devices?: never;
  readonly interrupts?: InterruptController;
  /** `false` if the scenario plugs the function in itself. */
  readonly plugged?: boolean;
  /** Format the data disk with ext4. */
  readonly disk?: boolean;
  /** The harness's own kernel modules are installed, too: images/kernels/helpers. */
  readonly helpers?: boolean;
  /** In mebibytes (default: 192). Each size needs its own snapshot. */
  readonly memory?: 192 | 256 | 384 | 512;
}

/** The small guest on the machine of vmd, which has no hot-plug. It has no data disk. */
export interface VmdMachine {
  readonly guest?: 'initramfs';
  readonly layout: 'vmd';
  /** The devices besides entropy and the function (default: a network, a disk and a CD-ROM drive). */
  readonly devices?: VmDevices;
  readonly interrupts?: InterruptController;
  readonly plugged?: never;
  readonly disk?: never;
  readonly helpers?: never;
  readonly memory?: never;
}

/** Debian with systemd on QEMU's PC. The driver is installed, and its modules are loaded at boot. */
export interface DistroMachine {
  readonly guest: 'distro';
  readonly layout?: never;
  readonly devices?: never;
  readonly interrupts?: never;
  /** `false` if the scenario plugs the function in itself. */
  readonly plugged?: boolean;
  readonly disk?: never;
  readonly helpers?: never;
  readonly memory?: never;
}

export type ScenarioOptions = CommonOptions & (QemuMachine | VmdMachine | DistroMachine);
