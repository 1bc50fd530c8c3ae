// Starts the guest that the options of a scenario describe: the small guest on QEMU's PC or on the machine of
// vmd, or the distribution.

import type { TraceSink } from '../base/trace.js';
import type { Device } from '../device/device.js';
import { bootGuest, describeRemake, type Guest, restoreGuest } from '../guest/start.js';
import { type Disk, slots } from '../qemu/argv.js';
import type { Environment } from '../run/environment.js';
import type { GenerationName } from '../vmmci/generations.js';
import { makeDisks, makeVmdDisks } from './disks.js';
import { startDistro } from './distro.js';
import { type MachineOptions, machineOf, siblingsOf, unpacked } from './machine.js';

export interface VmOptions extends MachineOptions {
  /** `distro`: Debian with systemd and the driver installed, instead of the small guest. */
  readonly guest?: 'initramfs' | 'distro' | undefined;
  readonly environment: Environment;
  readonly device: Device;
  /** The directory for the disks. */
  readonly directory: string;
  /** The directory above all sockets of functions; QEMU sees no other. */
  readonly sockets: string;
  /** A directory that QEMU may write to. */
  readonly shared?: string | undefined;
  readonly boot: 'restored' | 'cold';
  readonly generation: GenerationName;
  /** The function is present from the start. Otherwise the scenario plugs it in. */
  readonly plugged: boolean;
  /** The data disk has an ext4 file system. */
  readonly disk: boolean;
  /** The harness's own kernel modules are installed, too. */
  readonly helpers?: boolean | undefined;
  readonly trace: TraceSink;
}

/** A guest that runs. */
export interface VmGuest {
  readonly guest: Guest;
  readonly disks: readonly Disk[];
  /** The PCI slot of the function. */
  readonly functionSlot: number;
  /** False on the machine of vmd. */
  readonly canHotPlug: boolean;
}

const startDistroGuest = async ({
  environment,
  device,
  directory,
  sockets,
  boot,
  plugged,
  cpus,
  trace,
}: VmOptions): Promise<VmGuest> => {
  const functionSocket = plugged ? device.functionSocket : undefined;
  const options = { environment, directory, sockets, functionSocket, boot, cpus, trace };
  const { guest, disks } = await startDistro(options);
  return { guest, disks, functionSlot: slots.function, canHotPlug: true };
};

const startSmallGuest = async (options: VmOptions): Promise<VmGuest> => {
  const { environment, device, directory, sockets, shared, boot, trace } = options;
  const { qemu, timers, choice } = environment;
  const functionSocket = options.plugged ? device.functionSocket : undefined;
  const siblings = siblingsOf(options, options.generation);
  const disks =
    siblings === undefined
      ? await makeDisks(environment, directory, { format: options.disk, helpers: options.helpers })
      : await makeVmdDisks(environment, directory, siblings);
  const machine = machineOf(environment, disks, { ...options, coverage: choice.coverage }, siblings);
  const binds = [{ path: sockets }, ...(shared === undefined ? [] : [{ path: shared, writable: true }])];
  const common = { qemu, binds, timers, trace };
  const guest =
    boot === 'cold'
      ? await bootGuest({ ...common, machine: { ...unpacked(machine, environment), functionSocket } })
      : await restoreGuest({
          ...common,
          machine,
          functionSocket,
          onSnapshot: ({ reason, error }) =>
            trace({ kind: 'snapshot', reason, error: error && describeRemake(error) }),
        });
  const functionSlot = siblings?.functionSlot ?? slots.function;
  return { guest, disks, functionSlot, canHotPlug: siblings === undefined };
};

export const startVmGuest = (options: VmOptions): Promise<VmGuest> =>
  options.guest === 'distro' ? startDistroGuest(options) : startSmallGuest(options);
