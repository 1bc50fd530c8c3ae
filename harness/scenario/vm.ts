// The guest of one scenario with its device: the counterpart of the VM process of vmd.

import { HarnessError } from '../base/errors.js';
import type { Device } from '../device/device.js';
import { syncGuestClock } from '../guest/clock.js';
import type { Shell } from '../guest/shell.js';
import type { Guest } from '../guest/start.js';
import { type Disk, functionDevice, slots } from '../qemu/argv.js';
import type { QemuExit } from '../qemu/exit.js';
import { unplugFunction } from '../qemu/hot-plug.js';
import { linuxAddress } from '../qemu/layout.js';
import type { Machine } from '../qemu/process.js';
import type { Kill } from '../vmd/host.js';
import { PostMortem } from './post-mortem.js';
import { startVmGuest, type VmOptions } from './vm-guest.js';
import { VmLife } from './vm-life.js';

export interface Vm extends Guest {
  /** The address of the function, as Linux writes it: `0000:00:05.0`. */
  readonly address: string;
  /** The data disk. Throws SCENARIO_LACKS if the machine has none. */
  data(): Disk;
  /** The disk with the driver's modules; undefined if they are part of the guest. */
  readonly payload: Disk | undefined;
  /** The reason for which vmd ended the VM, if it did. */
  kill(): Kill | undefined;
  /** Saves the state of a guest that has failed. @internal */
  readonly postMortem: PostMortem;
  /** Headlines of reports in the kernel log that a check has judged already. @internal */
  readonly judged: Set<string>;
  /** From now on vmd's decision to end the VM is only noted, and the VM keeps running. */
  ignoreKills(): void;
  /** Pauses the VM like `vmctl pause`: the vCPUs stop, and so do vmd's checks of the host's clock. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /**
   * Plugs a function in, by default in its usual slot. Resolves when the guest shows `file` (default:
   * `resource0`) for it, and a driver that is loaded has probed it.
   */
  plug(
    device?: Pick<Device, 'functionSocket'>,
    address?: string,
    file?: 'resource0' | 'resource',
  ): Promise<void>;
  /** Asks the guest to release the function at 00:05.0. Resolves when it has. Rejects with GUEST_TIMEOUT. */
  unplug(): Promise<void>;
  /** Lets the guest boot again after a reset from now on, instead of ending it. */
  allowReset(): Promise<void>;
  /** Resolves when the guest answers again after a reset. */
  restarted(): Promise<void>;
  /** The output of the probes of an instrumented driver. */
  coverage(): Buffer;
  /** True if QEMU has ended. */
  hasEnded(): boolean;
  /** True if the guest was reset, which also cleared its kernel log. */
  hasRestarted(): boolean;
  /**
   * Waits until the guest or vmd ends the machine. Resolves with how it ended. Rejects with GUEST_TIMEOUT or
   * GUEST_PANIC.
   */
  ended(what: string, timeoutMs: number): Promise<QemuExit>;
}

/** A slot whose INTA shares the interrupt of 00:05.0: on PIIX3, slots four apart do. */
export const sharingAddress = linuxAddress(slots.function + 8);

const unplugMs = 10_000;
const bootMs = 60_000;

/**
 * `resource0` is the last file that the kernel creates for a device before it probes it
 * (pci_bus_add_device), but only if BAR0 has got addresses. `resource` is always there, and earlier.
 */
const appeared = (
  shell: Shell,
  address: string,
  file: 'resource0' | 'resource' = 'resource0',
): Promise<void> =>
  shell.await(`/sys/bus/pci/devices/${address}/${file}`, { what: `the function at ${address}` });

/**
 * Collects the output of the probes of an instrumented driver. Returns a function that gives what has come so
 * far.
 */
const collectCoverage = ({ description, channel }: Machine): (() => Buffer) => {
  const written: Buffer[] = [];
  if (description.coverage) channel('coverage').on('data', (bytes: Buffer) => written.push(bytes));
  return () => Buffer.concat(written);
};

/**
 * Makes a restored guest find the function, and sets its clock. On a machine without hot-plugging the
 * function was present before the restore, and the guest was not notified.
 */
const wake = async (
  shell: Shell,
  { plugged, address, canHotPlug }: { plugged: boolean; address: string; canHotPlug: boolean },
): Promise<void> => {
  if (plugged && !canHotPlug) await shell.output(['write-file', '/sys/bus/pci/rescan', '1']);
  if (plugged) await appeared(shell, address);
  await syncGuestClock(shell);
};

const hotPlug = (
  { machine, console, shell }: Guest,
  device: Device,
  address: string,
): Pick<Vm, 'plug' | 'unplug'> => ({
  plug: async (plugging = device, at = address, file) => {
    const slot = at.slice('0000:00:'.length);
    const properties = functionDevice(plugging.functionSocket);
    const id = at === address ? properties.id : `function-${slot.slice(0, 2)}`;
    await machine.qmp.execute('device_add', { ...properties, id, addr: slot });
    await appeared(shell, at, file);
    // The kernel probes the function under the lock of a rescan. The driver sets DRIVER_OK before its
    // attributes exist.
    await shell.text('echo 1 >/sys/bus/pci/rescan', { what: `the end of the probe of ${at}` });
  },
  // A driver that does not release the function hangs in its remove; that is not a fault of QEMU.
  unplug: () =>
    console.guard(unplugFunction(machine, 2 * unplugMs), {
      what: 'removal of the function by the guest',
      timeoutMs: unplugMs,
    }),
});

/** What vmd and the owner of the machine do with it. */
const hostActions = (
  { machine, console, shell }: Guest,
  device: Device,
): Pick<Vm, 'pause' | 'unpause' | 'allowReset' | 'restarted' | 'ended'> => ({
  pause: async () => {
    device.host.pause();
    await machine.qmp.execute('stop');
  },
  unpause: async () => {
    await machine.qmp.execute('cont');
    device.host.unpause();
  },
  allowReset: async () => {
    await machine.qmp.execute('set-action', { reboot: 'reset' });
  },
  restarted: () => shell.ready(bootMs),
  ended: async (what, timeoutMs) => {
    const exit = await console.waitExit({ what, timeoutMs });
    if (exit.shutdown === 'guest-reset') device.host.guestExit('reset');
    return exit;
  },
});

const dataDiskOf = (disks: readonly Disk[]): Disk => {
  const data = disks.find(({ name }) => name === 'data');
  if (data === undefined) throw new HarnessError('SCENARIO_LACKS', { what: 'a data disk' });
  return data;
};

/** Starts the guest. Resolves when its clock is set to that of the host and it has detected the function. */
export const startVm = async (options: VmOptions): Promise<Vm> => {
  const { environment, device, shared, boot, plugged } = options;
  const { guest, disks, functionSlot, canHotPlug } = await startVmGuest(options);
  const { machine, shell } = guest;
  const address = linuxAddress(functionSlot);
  const coverage = collectCoverage(machine);
  const dumped = environment.choice.dump && shared !== undefined;
  const postMortem = new PostMortem(
    machine,
    dumped ? { ...environment.kernel, directory: shared } : undefined,
  );
  const life = new VmLife(guest, device);
  try {
    await postMortem.watch();
    if (boot === 'restored') await wake(shell, { plugged, address, canHotPlug });
  } catch (error) {
    // No other code has the guest yet to end it, and this process would not end as long as its QEMU runs.
    await machine.kill();
    throw error;
  }
  return {
    ...guest,
    ...hotPlug(guest, device, address),
    ...hostActions(guest, device),
    address,
    postMortem,
    coverage,
    judged: new Set(),
    payload: disks.find(({ name }) => name === 'payload'),
    data: () => dataDiskOf(disks),
    kill: () => life.kill,
    ignoreKills: () => life.ignoreKills(),
    hasEnded: () => life.hasEnded,
    hasRestarted: () => life.hasRestarted,
  };
};
