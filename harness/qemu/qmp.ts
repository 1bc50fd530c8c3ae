// A QMP client (QEMU 11.1, qmp-spec): JSON lines, replies matched to commands by id, and events in between.

import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { parseChecked, problemOf } from '../base/read-checked.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { Timers } from './timers.js';

export interface QmpEvent {
  event: string;
  data: Readonly<Record<string, unknown>>;
}

interface Pending {
  command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A line of QEMU: its greeting, an event, or a reply. */
const messageSchema = v.object({
  QMP: v.optional(v.unknown()),
  return: v.optional(v.unknown()),
  error: v.optional(v.object({ class: v.string(), desc: v.string() })),
  event: v.optional(v.string()),
  data: v.optional(v.record(v.string(), v.unknown())),
  id: v.optional(v.number()),
});

type Message = v.InferOutput<typeof messageSchema>;

/**
 * The timeout in milliseconds for an answer. The longest command writes the memory of a guest to a file; any
 * other takes some milliseconds.
 */
const answerMs = 60_000;

/** One QMP session. It owns its stream. Every command rejects with QMP_CLOSED after the stream has ended. */
export class Qmp {
  readonly #stream: Duplex;
  readonly #trace: TraceSink;
  readonly #timers: Timers;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #closeListeners = new Set<() => void>();
  #greeting: Pending | undefined;
  #partial = '';
  #id = 0;
  #failure: HarnessError | undefined;

  constructor(stream: Duplex, { timers, trace = noTrace }: { timers: Timers; trace?: TraceSink }) {
    this.#timers = timers;
    this.#stream = stream;
    this.#trace = trace;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#feed(text));
    stream.on('error', () => this.#end());
    stream.on('close', () => this.#end());
    stream.on('end', () => this.#end());
  }

  /**
   * Waits for the greeting and leaves negotiation mode. Call it once, before any command, in the same tick in
   * which the stream was created.
   */
  async open(): Promise<void> {
    await new Promise<unknown>((resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      else this.#greeting = { command: 'the greeting', resolve, reject };
    });
    await this.execute('qmp_capabilities');
  }

  /**
   * Runs one command, and resolves with what QEMU returns. Rejects with QMP_COMMAND if QEMU refuses it.
   * Rejects with QMP_SILENT if QEMU does not answer, for example because a signal has stopped it.
   */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(new HarnessError('QMP_CLOSED', { command }, this.#failure));
        return;
      }
      const id = ++this.#id;
      const ms = this.#timers.timeout(answerMs);
      const timer = this.#timers.after(ms, () => reject(new HarnessError('QMP_SILENT', { command, ms })));
      const then = (settle: () => void): void => {
        timer.cancel();
        settle();
      };
      // After the timeout, the entry stays: the answer may still come.
      this.#pending.set(id, {
        command,
        resolve: (value) => then(() => resolve(value)),
        reject: (error) => then(() => reject(error)),
      });
      this.#trace({ kind: 'qmp', command });
      this.#stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  /**
   * The same for a command whose result has a known form. Rejects with QMP_PROTOCOL if it has another form.
   */
  async query<T>(
    schema: v.GenericSchema<unknown, T>,
    command: string,
    args?: Readonly<Record<string, unknown>>,
  ): Promise<T> {
    const value = await this.execute(command, args);
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    const reason = `the result of ${command}: ${problemOf(result.issues[0])}`;
    throw new HarnessError('QMP_PROTOCOL', { reason, line: JSON.stringify(value) });
  }

  /** Calls `listener` for each later event, until the returned function is called. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Resolves with the next event of that name that `accept` accepts. Rejects with QMP_TIMEOUT after `ms`
   * (longer on a busy host and with a slow kernel), or with QMP_CLOSED.
   */
  waitEvent(
    name: string,
    { ms, accept = () => true }: { ms: number; accept?: (data: QmpEvent['data']) => boolean },
  ): Promise<QmpEvent> {
    const timeoutMs = this.#timers.timeout(ms);
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        timer.cancel();
        stop();
        this.#closeListeners.delete(ended);
        act();
      };
      const ended = (): void =>
        settle(() => reject(new HarnessError('QMP_CLOSED', { command: `event ${name}` })));
      const timer = this.#timers.after(timeoutMs, () =>
        settle(() => reject(new HarnessError('QMP_TIMEOUT', { what: `event ${name}`, ms: timeoutMs }))),
      );
      const stop = this.onEvent((event) => {
        if (event.event === name && accept(event.data)) settle(() => resolve(event));
      });
      this.#closeListeners.add(ended);
      if (this.#failure) ended();
    });
  }

  #feed(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#line(line);
  }

  #line(line: string): void {
    const checked = parseChecked(line, messageSchema);
    if ('problem' in checked) {
      this.#fail(new HarnessError('QMP_PROTOCOL', { reason: checked.problem, line }));
      return;
    }
    const message = checked.value;
    if (message.event !== undefined) this.#event({ event: message.event, data: message.data ?? {} });
    else if (message.QMP !== undefined) this.#greeting?.resolve(undefined);
    else this.#reply(message, line);
  }

  #event(event: QmpEvent): void {
    this.#trace({ kind: 'qmp-event', event: event.event, data: JSON.stringify(event.data) });
    for (const listener of this.#listeners) listener(event);
  }

  #reply(message: Message, line: string): void {
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (message.id === undefined || pending === undefined) {
      this.#fail(new HarnessError('QMP_PROTOCOL', { reason: 'a reply without a matching command', line }));
      return;
    }
    this.#pending.delete(message.id);
    if (message.error === undefined) pending.resolve(message.return);
    else {
      const { class: kind, desc: description } = message.error;
      pending.reject(new HarnessError('QMP_COMMAND', { command: pending.command, class: kind, description }));
    }
  }

  #end(): void {
    this.#fail(new HarnessError('QMP_CLOSED', { command: 'the session' }));
  }

  #fail(failure: HarnessError): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#stream.destroy();
    const waiting = [...this.#pending.values(), ...(this.#greeting ? [this.#greeting] : [])];
    this.#pending.clear();
    for (const { command, reject } of waiting) {
      reject(failure.code === 'QMP_CLOSED' ? new HarnessError('QMP_CLOSED', { command }) : failure);
    }
    for (const ended of [...this.#closeListeners]) ended();
  }
}
