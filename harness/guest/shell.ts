// ttyS1: the command shell. The other end is images/guest/agent.c, whose head describes the framing.

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
  /** What the command does, for the error of a wait that is over; the command itself when not given. */
  what?: string;
  /** 20 seconds when not given. */
  timeoutMs?: number;
}

/** Bytes of a script in one request. */
const partLength = 16384;

/** What images/guest/agent.c takes of a program's words: bytes, and how many. */
const roomForWords = { bytes: 4095, count: 64 } as const;

const defaultTimeout = 20_000;

const brief = (command: string): string => {
  const line = command.trim().replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
};

const split = (script: Buffer): Buffer[] =>
  Array.from({ length: Math.max(1, Math.ceil(script.length / partLength)) }, (_, index) =>
    script.subarray(index * partLength, (index + 1) * partLength),
  );

const unexpected = (line: string): string => `unexpected line ${JSON.stringify(line.slice(0, 80))}`;

/** Standard output of what has succeeded. GUEST_COMMAND. */
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
  /** As the agent has them: a script, words, or a path. */
  mark: '!' | '$' | '?';
  /** The parts of the script still to be sent. */
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
  /** Names a command; random when not given. */
  nonce?: () => string;
}

export class Shell {
  readonly #stream: Duplex;
  readonly #console: Console;
  readonly #trace: TraceSink;
  readonly #nonce: () => string;
  #queue: Promise<unknown> = Promise.resolve();
  #running: Running | undefined;
  /** The command that never answered: the shell is taken. */
  #stuck: string | undefined;
  #greeting: (() => void) | undefined;
  #greeted = false;

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
   * Resolves when the agent has started; each start counts once, so a guest that was reset is waited for in the same way. Only for a
   * guest that boots: a restored one has greeted long ago.
   */
  ready(timeoutMs: number): Promise<void> {
    const greeted = new Promise<void>((resolve) => {
      this.#greeting = resolve;
      this.#greet();
    });
    return this.#console.guard(greeted, { what: 'greeting from the shell on ttyS1', timeoutMs });
  }

  /**
   * Runs a shell script in the guest, after those that were asked for before; any bytes may come back, of any length.
   * A status other than 0 is a result, not an error. GUEST_TIMEOUT, GUEST_PANIC, GUEST_EXIT, QEMU_EXIT; after a timeout the
   * shell is taken until the answer comes after all, and each command meanwhile rejects with GUEST_SHELL.
   */
  run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    return this.#enqueue(command, '!', { what: `answer to \`${brief(command)}\``, ...options });
  }

  /**
   * Runs a program in the guest, given as words, without a shell: one of images/guest/main.c, which under TCG starts some two hundred
   * milliseconds sooner in a restored guest, or another. Result and errors as of `run`.
   */
  execute(words: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const bytes = words.map((word) => `${word}\0`).join('');
    if (Buffer.byteLength(bytes) > roomForWords.bytes || words.length > roomForWords.count) {
      const reason = `there is no room for the ${words.length} words of \`${brief(words.join(' '))}\``;
      return Promise.reject(new HarnessError('GUEST_SHELL', { reason }));
    }
    return this.#enqueue(
      words.join(' '),
      '$',
      { what: `answer to \`${brief(words.join(' '))}\``, ...options },
      bytes,
    );
  }

  /** Standard output of a program that has to succeed. GUEST_COMMAND for any other status. */
  async bytes(words: readonly string[], options: RunOptions = {}): Promise<Buffer> {
    return outputOf(words.join(' '), await this.execute(words, options));
  }

  /** The same as text, without the last newline. */
  async output(words: readonly string[], options: RunOptions = {}): Promise<string> {
    return lineOf(await this.bytes(words, options));
  }

  /** Resolves when `path` exists in the guest. Its agent looks by itself, and starts nothing for it. Errors as of `run`. */
  async await(path: string, options: RunOptions = {}): Promise<void> {
    await this.#enqueue(path, '?', { what: `${path} in the guest`, ...options });
  }

  /** Standard output of a command that has to succeed, without the last newline. GUEST_COMMAND for any other status. */
  async text(command: string, options: RunOptions = {}): Promise<string> {
    return lineOf(outputOf(command, await this.run(command, options)));
  }

  /** Writes a file in the guest. For big things the payload disk is the faster way. */
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
        reason: `still busy with \`${this.#stuck}\`, which never answered`,
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
      if (running) this.#lost(running, 'its agent was started again');
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
      // Too late for who asked, but the shell is free again.
      this.#stuck = undefined;
      running.resolve({ status: running.status, stdout, stderr });
    }
  }

  // The agent starts again when something kills it; the command it was running has no result then.
  #lost(running: Running, reason: string): void {
    this.#running = undefined;
    running.reject(
      new HarnessError('GUEST_SHELL', { reason: `${reason} during \`${brief(running.command)}\`` }),
    );
  }
}

/** What readers need of a shell: scripts, */
export type Commands = Pick<Shell, 'run' | 'text'>;

/** or programs. */
export type Programs = Pick<Shell, 'execute' | 'output'>;
