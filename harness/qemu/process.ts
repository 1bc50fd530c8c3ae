// A running QEMU: its channels, its QMP session, and how it ended.

import { spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { Bind } from '../../images/toolroot/enter.js';
import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import {
  argv,
  type ChannelName,
  channelDescriptors,
  channelsOf,
  filesOf,
  type MachineDescription,
} from './argv.js';
import { diskFailure } from './disk-failure.js';
import { describeExit, type QemuExit, statusOf } from './exit.js';
import type { Qemu } from './find.js';
import { Qmp } from './qmp.js';
import { tail } from './tail.js';
import type { Timers } from './timers.js';

export interface Machine {
  /** @internal */
  readonly qemu: Qemu;
  /** @internal */
  readonly description: MachineDescription;
  /** QEMU's arguments, without the wrapper's. */
  readonly argv: readonly string[];
  /** @internal */
  readonly qmp: Qmp;
  /** The byte stream of a channel. Throws QEMU_START if this machine does not have the channel. @internal */
  channel(name: Exclude<ChannelName, 'qmp'>): Duplex;
  /** Resolves when QEMU has exited and its channels are drained. Never rejects. */
  readonly exit: Promise<QemuExit>;
  /** Resolves with QEMU_DISK or DISK_FULL if the host fails an access to a disk of the guest. @internal */
  readonly hostFailure: Promise<HarnessError>;
  /** @internal */
  readonly timers: Timers;
  stderr(): string;
  /** Kills QEMU. Does nothing if QEMU has already exited. */
  kill(): Promise<QemuExit>;
}

export interface StartOptions {
  qemu: Qemu;
  machine: MachineDescription;
  /**
   * Paths that QEMU needs later and that the description does not name: a snapshot, or the directory of a
   * socket to be hot-plugged.
   */
  binds?: readonly Bind[];
  /** Timers whose timeouts are scaled for the machine's kernel. */
  timers: Timers;
  trace?: TraceSink;
}

/**
 * Starts QEMU and opens its QMP session. QEMU ends when this process ends, also on SIGKILL.
 * Rejects with QEMU_START and QEMU's standard error if QEMU exits before QMP answers.
 */
export const startQemu = async ({
  qemu,
  machine,
  binds = [],
  timers,
  trace = noTrace,
}: StartOptions): Promise<Machine> => {
  const args = argv(machine);
  const { file, args: commandLine } = qemu.command(args, [...filesOf(machine), ...binds]);
  const names = channelsOf(machine);
  const highest = Math.max(...names.map((name) => channelDescriptors[name]));
  const piped = new Set(names.map((name) => channelDescriptors[name]));
  trace({ kind: 'qemu-exec' });
  const child = spawn(file, commandLine, {
    stdio: Array.from({ length: highest + 1 }, (_, fd) => (fd === 2 || piped.has(fd) ? 'pipe' : 'ignore')),
  });
  const streams = new Map(names.map((name) => [name, child.stdio[channelDescriptors[name]] as Duplex]));
  // A write to a QEMU that has exited fails here; `exit` reports the reason.
  for (const stream of streams.values()) stream.on('error', () => {});
  const stderr = tail(child.stderr as Readable);
  let shutdown: string | null = null;
  let killed = false;

  const stream = (name: ChannelName): Duplex => {
    const found = streams.get(name);
    if (found === undefined)
      throw new HarnessError('QEMU_START', { reason: `no channel ${name}`, stderr: '' });
    return found;
  };

  const exit = new Promise<QemuExit>((resolve) => {
    let failure = '';
    child.on('error', (error) => {
      failure = error.message;
      if (child.pid === undefined) resolve({ status: null, signal: null, shutdown, killed, stderr: failure });
    });
    // 'close' is emitted after every channel has ended, but a channel that nobody reads would never end.
    child.on('exit', () => {
      for (const stream of streams.values()) if (stream.readableFlowing === null) stream.resume();
    });
    child.on('close', (code, signal) => {
      const ended = { ...statusOf(code, signal), shutdown, killed, stderr: stderr() || failure };
      trace({ kind: 'qemu-exit', how: describeExit(ended) });
      resolve(ended);
    });
  });

  const qmp = new Qmp(stream('qmp'), { timers, trace });
  const hostFailure = new Promise<HarnessError>((resolve) => {
    qmp.onEvent(({ event, data }) => {
      // Keeps the first reason: `quit` follows if QEMU was told to pause at the end of the guest.
      if (event === 'SHUTDOWN') shutdown ??= String(data.reason);
      if (event === 'BLOCK_IO_ERROR') void diskFailure(machine, data).then(resolve);
    });
  });
  try {
    await qmp.open();
  } catch (error) {
    // QEMU closes its sockets before it exits, and its exit status says more than a SIGKILL from here.
    const killTimer = timers.after(timers.timeout(2000), () => child.kill('SIGKILL'));
    const ended = await exit;
    killTimer.cancel();
    throw new HarnessError('QEMU_START', { reason: describeExit(ended), stderr: ended.stderr }, error);
  }
  trace({ kind: 'qemu-start', version: qemu.version });
  return {
    qemu,
    description: machine,
    argv: args,
    qmp,
    channel: stream,
    exit,
    hostFailure,
    timers,
    stderr,
    kill: () => {
      if (child.exitCode === null && child.signalCode === null) killed = child.kill('SIGKILL');
      return exit;
    },
  };
};
