// The guest of one scenario with its device: what vmd's VM process and its vCPUs are together.
import { dirname } from 'node:path';
import { kernelParameters } from '../../images/guest/kernel-parameters.js';
import { syncGuestClock } from '../guest/clock.js';
import type { Shell } from '../guest/shell.js';
import { bootGuest, type Guest, restoreGuest } from '../guest/start.js';
import type { Disk, MachineDescription } from '../qemu/argv.js';
import type { QemuExit } from '../qemu/exit.js';
import type { TraceSink } from '../trace.js';
import type { Kill } from '../vmd/host.js';
import type { Device } from './device.js';
import { makeDisks } from './disks.js';
import type { Environment } from './environment.js';

export interface VmOptions {
  readonly environment: Environment;
  readonly device: Device;
  /** Where disks and sockets are; its path is short. */
  readonly directory: string;
  readonly boot: 'restored' | 'cold';
  /** The data disk holds an ext4. */
  readonly disk: boolean;
  readonly trace: TraceSink;
}

export interface Vm extends Guest {
  readonly data: Disk;
  /** What vmd decided to end the VM for, if it did. */
  kill(): Kill | undefined;
  /** `vmctl pause`: the vCPUs stand still, and so does the watch on the host's clock. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** QEMU is gone. */
  hasEnded(): boolean;
  /** How the machine ended by itself, or by vmd's decision; waits for it. GUEST_TIMEOUT, GUEST_PANIC. */
  ended(what: string, timeoutMs: number): Promise<QemuExit>;
}

const memoryMiB = 256;

/** Where the function is, as Linux names it. */
export const functionAddress = '0000:00:05.0';

const describe = (
  { accelerator, kernel, initramfs }: Environment,
  disks: readonly Disk[],
): MachineDescription => ({
  accelerator: accelerator.name,
  memory: memoryMiB,
  cpus: 1,
  kernel: kernel.bootImage,
  initramfs,
  parameters: kernelParameters,
  disks,
});

// The resource file is the last thing that the kernel adds for a device before it looks for a driver (pci_bus_add_device).
const appeared = `until [ -e /sys/bus/pci/devices/${functionAddress}/resource0 ]; do usleep 5000; done`;

/** A guest that went on from a snapshot: its function has appeared, and its clock is the host's. */
const settle = async (shell: Shell): Promise<void> => {
  await shell.text(appeared, { what: `the function at ${functionAddress}` });
  await syncGuestClock(shell);
};

/** Starts the guest with the function at 00:05.0; its clock is the host's when it resolves. */
export const startVm = async ({
  environment,
  device,
  directory,
  boot,
  disk,
  trace,
}: VmOptions): Promise<Vm> => {
  const disks = await makeDisks(environment, directory, { format: disk });
  const [, data] = disks;
  if (data === undefined) throw new Error('no data disk');
  const machine = describe(environment, disks);
  const { qemu } = environment;
  const { functionSocket } = device;
  const guest =
    boot === 'cold'
      ? await bootGuest({
          qemu,
          machine: { ...machine, functionSocket },
          binds: [{ path: dirname(functionSocket) }],
          trace,
        })
      : await restoreGuest({
          qemu,
          machine,
          functionSocket,
          trace,
          onSnapshot: ({ reason, error }) => trace({ kind: 'snapshot', reason, error: error?.message }),
        });

  let kill: Kill | undefined;
  device.host.onKill((decision) => {
    kill ??= decision;
    // vmd's own word for it is "the VM process exits": QEMU's is `quit`. It may be gone already.
    guest.machine.qmp.execute('quit').catch(() => void guest.machine.kill());
  });
  let gone = false;
  void guest.machine.exit.then(() => {
    gone = true;
  });
  if (boot === 'restored') await settle(guest.shell);
  return {
    ...guest,
    data,
    kill: () => kill,
    hasEnded: () => gone,
    pause: async () => {
      device.host.pause();
      await guest.machine.qmp.execute('stop');
    },
    unpause: async () => {
      await guest.machine.qmp.execute('cont');
      device.host.unpause();
    },
    ended: async (what, timeoutMs) => {
      const exit = await guest.console.waitExit({ what, timeoutMs });
      if (exit.shutdown === 'guest-reset') device.host.guestExit('reset');
      return exit;
    },
  };
};
