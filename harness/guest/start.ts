// Starts a guest and waits until it answers: it is booted from power-on, or restored from a snapshot of a
// booted guest.

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bind } from '../../images/toolroot/enter.js';
import { HarnessError } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { MachineDescription } from '../qemu/argv.js';
import { describeExit } from '../qemu/exit.js';
import type { Qemu } from '../qemu/find.js';
import { plugFunction } from '../qemu/hot-plug.js';
import { loadMachine, prepareLoad, prepareSave, saveMachine } from '../qemu/migration.js';
import { type Machine, startQemu } from '../qemu/process.js';
import { snapshotDirectory, useSnapshot } from '../qemu/snapshot.js';
import { snapshotKey } from '../qemu/snapshot-key.js';
import type { Timers } from '../qemu/timers.js';
import { Console } from './console.js';
import { Shell } from './shell.js';
import { Terminals } from './terminals.js';

export interface Guest {
  /** The QEMU of the guest. */
  readonly machine: Machine;
  /** The log of the kernel, on ttyS0. */
  readonly console: Console;
  /** Runs commands in the guest. */
  readonly shell: Shell;
  /** Terminals for people. */
  readonly terminals: Terminals;
  /** How the guest was started. */
  readonly start: 'booted' | 'restored';
}

export interface GuestOptions {
  qemu: Qemu;
  machine: MachineDescription;
  /** More paths that QEMU needs, such as the directory of a socket for hot-plugging. */
  binds?: readonly Bind[];
  trace?: TraceSink;
  timers: Timers;
  /** Timeout of a boot in milliseconds (default: 60 seconds, many times what it takes). */
  bootTimeoutMs?: number;
}

export interface RestoreOptions extends GuestOptions {
  /**
   * vfio-user socket of the function at 00:05.0. The function is hot-plugged before the CPU resumes; on a
   * machine without hot-plugging it is present before the restore.
   */
  functionSocket?: string | undefined;
  /** Checks that the restored guest works. If it does not, the snapshot is damaged and is made again. */
  verify?: ((guest: Guest) => Promise<unknown>) | undefined;
  /** Called before a missing snapshot is made, and before a failed one is made again. */
  onSnapshot?: ((event: { reason: 'missing' | 'failed'; error?: Error }) => void) | undefined;
}

/** Describes for reports what happened to the snapshot. */
export const describeRemake = (error: Error): string =>
  `the snapshot did not restore and was made again: ${error.message}`;

const attach = (
  machine: Machine,
  start: Guest['start'],
  { trace = noTrace, timers, machine: { disks } }: GuestOptions,
): Guest => {
  const { exit, hostFailure } = machine;
  const payload = disks?.find(({ name }) => name === 'payload');
  const console = new Console({ stream: machine.channel('console'), exit, hostFailure, trace, timers });
  const shell = new Shell({ stream: machine.channel('shell'), console, trace });
  const terminals = new Terminals({
    stream: machine.channel('terminal'),
    disk: payload && { device: `/dev/${payload.name}`, image: payload.path },
    gone: exit.then((ended) => `the guest is gone (${describeExit(ended)})`),
  });
  return { machine, console, shell, terminals, start };
};

/**
 * Boots the machine and waits for the greeting of its shell. Rejects with GUEST_BOOT, whatever went wrong,
 * because no driver under test is loaded yet.
 */
export const bootGuest = async (options: GuestOptions): Promise<Guest> => {
  const machine = await startQemu(options);
  const guest = attach(machine, 'booted', options);
  try {
    await guest.shell.ready(options.bootTimeoutMs ?? 60_000);
    return guest;
  } catch (error) {
    await machine.kill();
    throw new HarnessError('GUEST_BOOT', { reason: messageOf(error) }, error);
  }
};

const makeSnapshot = async (path: string, options: RestoreOptions): Promise<void> => {
  await mkdir(path);
  const { machine } = await bootGuest({
    ...options,
    machine: await prepareSave(options.machine, path),
    binds: [{ path, writable: true }],
  });
  try {
    await saveMachine(machine, path);
  } finally {
    await machine.kill();
  }
};

/** Restores the guest that was saved in the directory `path`. Rejects with SNAPSHOT or QEMU_START. */
export const loadGuest = async (path: string, options: RestoreOptions): Promise<Guest> => {
  const { functionSocket, binds = [] } = options;
  const canHotPlug = options.machine.siblings === undefined;
  const machine = await startQemu({
    ...options,
    machine: { ...prepareLoad(options.machine, path), ...(!canHotPlug && { functionSocket }) },
    binds: [...binds, { path }, ...(functionSocket === undefined ? [] : [{ path: dirname(functionSocket) }])],
  });
  try {
    const guest = attach(machine, 'restored', options);
    await loadMachine(machine, path);
    if (functionSocket !== undefined && canHotPlug) await plugFunction(machine, functionSocket);
    await machine.qmp.execute('cont');
    await options.verify?.(guest).catch((error: unknown) => {
      const reason = messageOf(error);
      throw new HarnessError('SNAPSHOT', { path, step: 'the restored guest', reason }, error);
    });
    return guest;
  } catch (error) {
    await machine.kill();
    throw error;
  }
};

/**
 * Restores a guest to the moment at which its shell had greeted; makes the snapshot first if it does not
 * exist. The guest's wall clock resumes at that moment, and its random numbers are those of every other
 * clone.
 */
export const restoreGuest = async (options: RestoreOptions): Promise<Guest> => {
  const { onSnapshot } = options;
  await mkdir(snapshotDirectory(), { recursive: true });
  return useSnapshot({
    key: await snapshotKey(options.machine, options.qemu),
    make: (path) => {
      onSnapshot?.({ reason: 'missing' });
      return makeSnapshot(path, options);
    },
    load: (path) => loadGuest(path, options),
    onRemake: (error) => onSnapshot?.({ reason: 'failed', error }),
  });
};
