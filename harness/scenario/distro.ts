// Starts the distribution guest: Debian with systemd on a qcow2 overlay, restored from a snapshot taken after
// its boot.

import { createHash } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Distro, ensureDistro } from '../../images/distro/image.js';
import { kernelParameters } from '../../images/guest/kernel-parameters.js';
import { createOverlay } from '../../images/qemu-img/image.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { HarnessError } from '../base/errors.js';
import type { TraceSink } from '../base/trace.js';
import type { Shell } from '../guest/shell.js';
import { bootGuest, type Guest, type GuestOptions, loadGuest } from '../guest/start.js';
import { type Disk, type MachineDescription, slots } from '../qemu/argv.js';
import { prepareSave, saveMachine } from '../qemu/migration.js';
import { snapshotDirectory, useSnapshot } from '../qemu/snapshot.js';
import { snapshotKey } from '../qemu/snapshot-key.js';
import type { Environment } from '../run/environment.js';

export interface DistroGuestOptions {
  readonly environment: Environment;
  /** The directory for the disk. */
  readonly directory: string;
  /** A directory that contains the sockets of all functions. */
  readonly sockets: string;
  /** vfio-user socket of the function; undefined to start without one. */
  readonly functionSocket: string | undefined;
  readonly boot: 'restored' | 'cold';
  readonly cpus?: 1 | 2 | undefined;
  readonly trace: TraceSink;
}

/** Enough that no test depends on it: systemd alone needs some 100 MiB. */
const memoryMiB = 512;

/** Upper bound, many times the usual duration even under TCG on a busy host. */
const bootTimeoutMs = 300_000;

/** Version of the way in which the snapshot is made. Increase it after a change. */
const recipe = 1;

/** Name of the disk in a snapshot's directory. */
const diskFile = 'disk.qcow2';

/**
 * Returns the image with the driver under test; builds it if needed. Rejects with KERNEL_LACKS for a 32-bit
 * kernel.
 */
export const distroOf = async (
  { kernel, root, modules, driver }: Environment,
  progress?: Progress,
): Promise<Distro> => {
  if (kernel.architecture !== 'amd64') {
    const reason = 'it cannot run the 64-bit programs of the distribution guest';
    throw new HarnessError('KERNEL_LACKS', { release: kernel.release, reason });
  }
  return ensureDistro({ kernel, root, modules, load: driver.modules }, { progress });
};

const machineFor = (
  { accelerator, kernel }: Environment,
  { initramfs }: Distro,
  path: string,
  cpus: number,
): MachineDescription => ({
  accelerator: accelerator.name,
  memory: memoryMiB,
  cpus,
  kernel: kernel.bootImage,
  initramfs,
  // Despite `quiet`, systemd shows on the console what it starts and stops. There is no login prompt.
  parameters: [...kernelParameters, 'systemd.show_status=yes', 'systemd.getty_auto=no'],
  disks: [{ name: 'system', slot: slots.data, path, format: 'qcow2' }],
});

/** Resolves when systemd and udev have finished the boot. Rejects with GUEST_BOOT if a unit failed. */
const settled = async (shell: Shell): Promise<void> => {
  const { status, stdout } = await shell.run(
    'systemctl is-system-running --wait || { systemctl --failed --no-legend --plain; false; } && udevadm settle',
    { what: 'end of the boot', timeoutMs: bootTimeoutMs },
  );
  if (status !== 0) {
    const units = stdout.toString('utf8').trim().replaceAll('\n', '; ');
    throw new HarnessError('GUEST_BOOT', { reason: `systemd is ${units}` });
  }
  // Loads programs that scenarios run into the page cache, so that each does not read them from the disk
  // again.
  await shell.text('timedatectl && systemctl status && journalctl --lines 1', {
    what: 'programs that are run once',
    timeoutMs: bootTimeoutMs,
  });
};

/** Fills `directory` with the memory of a booted guest and its disk at that moment. */
const makeSnapshot = async (
  directory: string,
  distro: Distro,
  options: GuestOptions & { environment: Environment },
): Promise<void> => {
  const disk = join(directory, diskFile);
  await mkdir(directory);
  await createOverlay(options.environment.root, distro.image, disk);
  const machine = await prepareSave(
    machineFor(options.environment, distro, disk, options.machine.cpus),
    directory,
  );
  const binds = [{ path: distro.image }, { path: directory, writable: true }];
  const guest = await bootGuest({ ...options, machine, binds });
  try {
    await settled(guest.shell);
    await saveMachine(guest.machine, directory);
    // QEMU has to close the image itself: if it were killed, some of the image could be unwritten.
    await guest.machine.qmp.execute('quit');
    await guest.machine.exit;
  } finally {
    await guest.machine.kill();
  }
  await chmod(disk, 0o444);
};

const keyOf = async (distro: Distro, machine: MachineDescription, { qemu }: Environment): Promise<string> =>
  createHash('sha256')
    .update(JSON.stringify([recipe, distro.key, distro.image, await snapshotKey(machine, qemu)]))
    .digest('hex')
    .slice(0, 16);

/**
 * Starts the guest: `restored` takes about a second once there is a snapshot, `cold` half a minute under TCG.
 * Its only disk is `/dev/vda`.
 */
export const startDistro = async (
  options: DistroGuestOptions,
): Promise<{ guest: Guest; disks: readonly Disk[] }> => {
  const { environment, directory, sockets, functionSocket, boot, cpus = 1, trace } = options;
  const { qemu, root } = environment;
  const distro = await distroOf(environment);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'system.qcow2');
  const machine = machineFor(environment, distro, path, cpus);
  const { disks = [] } = machine;
  const common = { qemu, timers: environment.timers, trace, bootTimeoutMs };
  const binds = [{ path: distro.image }, { path: sockets }];
  if (boot === 'cold') {
    await createOverlay(root, distro.image, path);
    const guest = await bootGuest({
      ...common,
      binds,
      machine: { ...machine, kernel: environment.image, functionSocket },
    });
    return { guest, disks };
  }
  await mkdir(snapshotDirectory(), { recursive: true });
  const guest = await useSnapshot({
    key: await keyOf(distro, machineFor(environment, distro, distro.image, cpus), environment),
    make: (snapshot) => {
      trace({ kind: 'snapshot', reason: 'missing' });
      return makeSnapshot(snapshot, distro, { ...common, environment, machine });
    },
    load: async (snapshot) => {
      const disk = join(snapshot, diskFile);
      await rm(path, { force: true });
      await createOverlay(root, disk, path);
      const more = [...binds, { path: disk }];
      return loadGuest(snapshot, { ...common, machine, functionSocket, binds: more });
    },
    onRemake: (error) => trace({ kind: 'snapshot', reason: 'failed', error: error.message }),
  });
  return { guest, disks };
};
