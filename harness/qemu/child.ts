// The process of QEMU: its channels, its standard error, and how it ends.

import { spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { HarnessError } from '../base/errors.js';
import { withParent } from '../base/with-parent.js';
import { type ChannelName, channelDescriptors } from './argv.js';
import { type QemuExit, statusOf } from './exit.js';
import { tail } from './tail.js';

export interface QemuChildOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly names: readonly ChannelName[];
  /** Called before `exit` resolves. */
  readonly onClose: (ended: QemuExit) => void;
}

export class QemuChild {
  /** Resolves when the process has exited and its channels are drained. Never rejects. */
  readonly exit: Promise<QemuExit>;
  /** The last lines of standard error. */
  readonly stderr: () => string;
  readonly #child: ReturnType<typeof spawn>;
  readonly #channels: ReadonlyMap<ChannelName, Duplex>;
  #shutdown: QemuExit['shutdown'] = null;
  #killed = false;

  constructor({ file, args, names, onClose }: QemuChildOptions) {
    const piped = new Set(names.map((name) => channelDescriptors[name]));
    // bubblewrap also asks for the end with this process, but does not notice one that has died before.
    this.#child = spawn('setpriv', [...withParent('KILL'), file, ...args], {
      stdio: Array.from({ length: Math.max(2, ...piped) + 1 }, (_, fd) =>
        fd === 2 || piped.has(fd) ? 'pipe' : 'ignore',
      ),
    });
    this.#channels = new Map(
      names.map((name) => [name, this.#child.stdio[channelDescriptors[name]] as Duplex]),
    );
    // A write to a process that has exited fails here; `exit` reports the reason.
    for (const stream of this.#channels.values()) stream.on('error', () => {});
    this.stderr = tail(this.#child.stderr as Readable);
    this.exit = this.#ended(onClose);
  }

  /** Throws QEMU_START if there is no such channel. */
  channel(name: ChannelName): Duplex {
    const found = this.#channels.get(name);
    if (found === undefined)
      throw new HarnessError('QEMU_START', { reason: `no channel ${name}`, stderr: '' });
    return found;
  }

  /** Keeps the first reason: `quit` follows if QEMU was told to pause at the end of the guest. */
  noteShutdown(reason: string): void {
    this.#shutdown ??= reason;
  }

  /** Sends SIGKILL to a process that does not exit by itself; `exit` does not count it as killed. */
  abort(): void {
    this.#child.kill('SIGKILL');
  }

  /** Does nothing if the process has already exited. */
  kill(): Promise<QemuExit> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) this.#killed = this.#child.kill('SIGKILL');
    return this.exit;
  }

  #ended(onClose: QemuChildOptions['onClose']): Promise<QemuExit> {
    const child = this.#child;
    return new Promise((resolve) => {
      let failure = '';
      const ended = (status: Pick<QemuExit, 'status' | 'signal'>): QemuExit => ({
        ...status,
        shutdown: this.#shutdown,
        killed: this.#killed,
        stderr: this.stderr() || failure,
      });
      child.on('error', (error) => {
        failure = error.message;
        if (child.pid === undefined) resolve(ended({ status: null, signal: null }));
      });
      // 'close' is emitted after every channel has ended. Node drains those that nobody reads when the
      // process exits.
      child.on('close', (code, signal) => {
        const end = ended(statusOf(code, signal));
        onClose(end);
        resolve(end);
      });
    });
  }
}
