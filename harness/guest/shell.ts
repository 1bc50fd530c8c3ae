// ttyS1, the command shell. The other end is images/guest/agent.c; its head comment describes the framing.

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { codeOf, HarnessError } from '../base/errors.js';
import { shellWord } from '../base/text.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { Console } from './console.js';
import { lineSplitter } from './lines.js';

export interface CommandResult {
  status: number;
  stdout: Buffer;
  stderr: Buffer;
}

export interface RunOptions {
  /** What the command does, for the message of a timeout (default: the command). */
  what?: string;
  /** Default: 20 seconds. */
  timeoutMs?: number;
}

/** Maximum number of bytes of a script in one request. */
const maxPartBytes = 16384;

/** Limits of images/guest/agent.c for the words of a program. */
const maxWords = { bytes: 4095, count: 64 } as const;

const defaultTimeout = 20_000;

const brief = (command: string): string => {
  const line = command.trim().replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
};

const split = (script: Buffer): Buffer[] =>
  Array.from({ length: Math.max(1, Math.ceil(script.length / maxPartBytes)) }, (_, index) =>
    script.subarray(index * maxPartBytes, (index + 1) * maxPartBytes),
  );

const unexpected = (line: string): string => `unexpected line ${JSON.stringify(line.slice(0, 80))}`;

/** The standard output of a successful command. Throws GUEST_COMMAND for another status. */
const outputOf = (command: string, { status, stdout, stderr }: CommandResult): Buffer => {
  if (status !== 0) {
    throw new HarnessError('GUEST_COMMAND', {
      command: brief(command),
      status,
      stderr: stderr.toString('utf8').trim() || '(nothing on standard error)',
    });
  }
  return stdout;
};

const lineOf = (output: Buffer): string => output.toString('utf8').replace(/\n$/, '');

interface Running {
  nonce: string;
  command: string;
  /** The agent's marks for a script, words or a path. */
  mark: '!' | '$' | '?';
  /** The parts of the script that have not been sent. */
  parts: Buffer[];
  status: number | undefined;
  outputs: Buffer[];
  resolve(result: CommandResult): void;
  reject(error: Error): void;
}

export interface ShellOptions {
  stream: Duplex;
  console: Console;
  trace?: TraceSink;
  /** Makes the nonce of a command (default: random). */
  nonce?: () => string;
}

export class Shell {
  readonly #stream: Duplex;
  readonly #console: Console;
  readonly #trace: TraceSink;
  readonly #nonce: () => string;
  #queue: Promise<unknown> = Promise.resolve();
  #running: Running | undefined;
  /** The command that did not answer in time and still occupies the shell. */
  #stuck: string | undefined;
  #greeting: (() => void) | undefined;
  #greeted = false;

  /** @internal */
  constructor({
    stream,
    console,
    trace = noTrace,
    nonce = () => randomBytes(4).toString('hex'),
  }: ShellOptions) {
    this.#stream = stream;
    this.#console = console;
    this.#trace = trace;
    this.#nonce = nonce;
    const splitter = lineSplitter((line) => this.#line(line));
    stream.setEncoding('latin1');
    stream.on('data', (text: string) => splitter.feed(text));
  }

  /**
   * Resolves when the agent has started. Each start counts once, so this also waits for the restart after a
   * reset. Only for a guest that boots: a restored guest has already greeted.
   * @internal
   */
  ready(timeoutMs: number): Promise<void> {
    const greeted = new Promise<void>((resolve) => {
      this.#greeting = resolve;
      this.#greet();
    });
    return this.#console.guard(greeted, { what: 'greeting from the shell on ttyS1', timeoutMs });
  }

  /**
   * Runs a shell script in the guest, after all earlier requests. The output may be binary and of any length.
   * A status other than 0 is a result, not an error. Rejects with GUEST_TIMEOUT, GUEST_PANIC, GUEST_EXIT or
   * QEMU_EXIT. After a timeout the shell is busy until the answer arrives, and rejects other commands with
   * GUEST_SHELL.
   */
  run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    return this.#enqueue(command, '!', { what: `answer to \`${brief(command)}\``, ...options });
  }

  /**
   * Runs a program in the guest, given as words, without a shell: one of images/guest/main.c, which under TCG
   * starts about 200 ms faster in a restored guest, or any other. Result and errors are those of `run`.
   */
  execute(words: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const bytes = words.map((word) => `${word}\0`).join('');
    if (Buffer.byteLength(bytes) > maxWords.bytes || words.length > maxWords.count) {
      const reason = `the ${words.length} words of \`${brief(words.join(' '))}\` are more than the agent accepts`;
      return Promise.reject(new HarnessError('GUEST_SHELL', { reason }));
    }
    return this.#enqueue(
      words.join(' '),
      '$',
      { what: `answer to \`${brief(words.join(' '))}\``, ...options },
      bytes,
    );
  }

  /** The standard output of a program that must succeed. Rejects with GUEST_COMMAND for another status. */
  async bytes(words: readonly string[], options: RunOptions = {}): Promise<Buffer> {
    return outputOf(words.join(' '), await this.execute(words, options));
  }

  /**
   * The standard output as text, without the last newline, of a program that must succeed. Errors are those
   * of `bytes`.
   */
  async output(words: readonly string[], options: RunOptions = {}): Promise<string> {
    return lineOf(await this.bytes(words, options));
  }

  /**
   * Resolves when `path` exists in the guest. The agent itself checks this and starts no program. Errors are
   * those of `run`.
   */
  async await(path: string, options: RunOptions = {}): Promise<void> {
    await this.#enqueue(path, '?', { what: `${path} in the guest`, ...options });
  }

  /**
   * The standard output of a script that must succeed, without the last newline. Rejects with GUEST_COMMAND
   * for another status.
   */
  async text(command: string, options: RunOptions = {}): Promise<string> {
    return lineOf(outputOf(command, await this.run(command, options)));
  }

  /** Writes a file in the guest. For large files the payload disk is faster. */
  async put(path: string, content: Buffer): Promise<void> {
    await this.text(`base64 -d >${shellWord(path)} <<'END'\n${content.toString('base64')}\nEND\n`, {
      what: `file ${path}`,
    });
  }

  #enqueue(
    command: string,
    mark: Running['mark'],
    { what, timeoutMs = defaultTimeout }: RunOptions & { what: string },
    bytes = command,
  ): Promise<CommandResult> {
    const result = this.#queue.then(() => this.#start({ command, mark, bytes }, what, timeoutMs));
    this.#queue = result.catch(() => {});
    return result;
  }

  async #start(
    { command, mark, bytes }: Pick<Running, 'command' | 'mark'> & { bytes: string },
    what: string,
    timeoutMs: number,
  ): Promise<CommandResult> {
    if (this.#stuck !== undefined) {
      throw new HarnessError('GUEST_SHELL', {
        reason: `still busy with \`${this.#stuck}\`, which has not answered`,
      });
    }
    const answer = new Promise<CommandResult>((resolve, reject) => {
      const nonce = this.#nonce();
      const parts = split(Buffer.from(bytes));
      this.#running = { nonce, command, mark, parts, status: undefined, outputs: [], resolve, reject };
      this.#sendPart(this.#running);
    });
    try {
      const result = await this.#console.guard(answer, { what, timeoutMs });
      this.#trace({ kind: 'shell', command: brief(command), status: result.status });
      return result;
    } catch (error) {
      if (codeOf(error) === 'GUEST_TIMEOUT') this.#stuck = brief(command);
      throw error;
    }
  }

  #sendPart({ nonce, mark, parts }: Running): void {
    const part = Buffer.concat([parts.shift() ?? Buffer.alloc(0), Buffer.from('.')]);
    this.#stream.write(`${nonce} ${part.length} ${parts.length > 0 ? '+' : mark}\n`);
    this.#stream.write(part);
  }

  #greet(): void {
    if (!this.#greeted || this.#greeting === undefined) return;
    this.#greeting();
    this.#greeting = undefined;
    this.#greeted = false;
  }

  #line(line: string): void {
    const running = this.#running;
    if (line.startsWith('agent ')) {
      this.#greeted = true;
      this.#stuck = undefined;
      if (running) this.#lost(running, 'the agent was restarted');
      this.#greet();
      return;
    }
    if (running === undefined) return;
    if (running.status !== undefined && running.outputs.length < 2) {
      running.outputs.push(Buffer.from(line, 'base64'));
      return;
    }
    const [nonce, word] = line.split(' ', 2);
    if (nonce === running.nonce && word === '+') this.#sendPart(running);
    else if (nonce === running.nonce && word === '.') this.#finish(running, line);
    else if (nonce === running.nonce && running.status === undefined && /^\d+$/.test(word ?? '')) {
      running.status = Number(word);
    } else this.#lost(running, unexpected(line));
  }

  #finish(running: Running, line: string): void {
    const [stdout, stderr] = running.outputs;
    if (running.status === undefined || stdout === undefined || stderr === undefined)
      this.#lost(running, unexpected(line));
    else {
      this.#running = undefined;
      // Too late for the caller, but the shell is free again.
      this.#stuck = undefined;
      running.resolve({ status: running.status, stdout, stderr });
    }
  }

  // The agent is restarted if something kills it. A command that was running then has no result.
  #lost(running: Running, reason: string): void {
    this.#running = undefined;
    running.reject(
      new HarnessError('GUEST_SHELL', { reason: `${reason} during \`${brief(running.command)}\`` }),
    );
  }
}

/** The part of a shell that runs scripts. */
export type Commands = Pick<Shell, 'run' | 'text'>;

/** The part of a shell that runs programs. */
export type Programs = Pick<Shell, 'execute' | 'output'>;
