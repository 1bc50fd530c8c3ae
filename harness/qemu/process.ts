// A running QEMU: its channels, its QMP session, and how it ended.

import type { Duplex } from 'node:stream';
import type { Bind } from '../../images/toolroot/enter.js';
import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import { argv, type ChannelName, channelsOf, filesOf, type MachineDescription } from './argv.js';
import { QemuChild } from './child.js';
import { diskFailure } from './disk-failure.js';
import { describeExit, type QemuExit } from './exit.js';
import type { Qemu } from './find.js';
import { Qmp } from './qmp.js';
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
  trace({ kind: 'qemu-exec' });
  const child = new QemuChild({
    file,
    args: commandLine,
    names: channelsOf(machine),
    onClose: (ended) => trace({ kind: 'qemu-exit', how: describeExit(ended) }),
  });
  const qmp = new Qmp(child.channel('qmp'), { timers, trace });
  const hostFailure = new Promise<HarnessError>((resolve) => {
    qmp.onEvent(({ event, data }) => {
      if (event === 'SHUTDOWN') child.noteShutdown(String(data.reason));
      if (event === 'BLOCK_IO_ERROR') void diskFailure(machine, data).then(resolve);
    });
  });
  try {
    await qmp.open();
  } catch (error) {
    // QEMU closes its sockets before it exits, and its exit status says more than a SIGKILL from here.
    const killTimer = timers.after(timers.timeout(2000), () => child.abort());
    const ended = await child.exit;
    killTimer.cancel();
    throw new HarnessError('QEMU_START', { reason: describeExit(ended), stderr: ended.stderr }, error);
  }
  trace({ kind: 'qemu-start', version: qemu.version });
  return {
    qemu,
    description: machine,
    argv: args,
    qmp,
    channel: (name) => child.channel(name),
    exit: child.exit,
    hostFailure,
    timers,
    stderr: child.stderr,
    kill: () => child.kill(),
  };
};
