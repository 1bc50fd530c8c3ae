// The session of one front-end with a device: reads a message, checks it, handles it, answers it, reads the
// next.

import { HarnessError, hasCode } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import { delay } from '../faults/delay.js';
import { type FaultHook, type MessageView, noFaults, type Outcome } from '../faults/hook.js';
import { wrongData } from '../faults/wrong-data.js';
import type { Channel } from '../socket/channel.js';
import { adoptSocket, closeFd } from '../socket/descriptor.js';
import { BackendChannel } from './backend-channel.js';
import type { BackendDevice } from './device.js';
import { type ProtocolFeature, protocolBit } from './features.js';
import { encodeFrame, type Frame, readFrame } from './frame.js';
import { type Context, handlers } from './handlers.js';
import { CONFIG_HEADER, checkShape, empty, u64 } from './payload.js';
import { effectOf, fatal, refusal } from './refusal.js';
import { type Request, type RequestName, requestName, requests } from './requests.js';
import { Rings } from './rings.js';

export interface BackendOptions {
  readonly trace?: TraceSink;
  readonly faults?: FaultHook;
}

export class BackendSession {
  readonly #channel: Channel;
  readonly #device: BackendDevice;
  readonly #trace: TraceSink;
  readonly #faults: FaultHook;
  readonly #rings = new Rings();
  #protocol = 0n;
  readonly #context: Context;
  #back: BackendChannel | undefined;

  constructor(
    channel: Channel,
    device: BackendDevice,
    { trace = noTrace, faults = noFaults }: BackendOptions = {},
  ) {
    this.#channel = channel;
    this.#device = device;
    this.#trace = trace;
    this.#faults = faults;
    this.#context = {
      device,
      rings: this.#rings,
      has: (feature) => this.#has(feature),
      setProtocol: (bits) => {
        this.#protocol = bits;
      },
      setBackChannel: (fd) => {
        this.#back?.close();
        this.#back = new BackendChannel(adoptSocket(fd, 'backend channel'));
      },
    };
  }

  /**
   * Serves until the front-end leaves or violates the protocol. Never rejects for that; the trace has the
   * reason.
   */
  async run(): Promise<void> {
    const unsubscribe = this.#device.onConfigChange(() => this.#back?.configChanged());
    try {
      for (;;) {
        const frame = await readFrame(this.#channel);
        if (frame === null || !(await this.#serve(frame))) break;
      }
      this.#trace({ kind: 'vhost-user', event: 'front-end left' });
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      this.#trace({ kind: 'vhost-user', event: 'closed', reason: error.message });
    } finally {
      unsubscribe();
      this.#back?.close();
      this.#channel.close();
    }
  }

  /** Resolves with false if a fault ends the connection. */
  async #serve(frame: Frame): Promise<boolean> {
    const name = requestName(frame.request);
    const action = this.#faults.before(viewOf(name, frame));
    if (action)
      this.#trace({ kind: 'fault', protocol: 'vhost-user', command: name, outcome: action.outcome?.kind });
    if (action && action.delayMs > 0) await delay(action.delayMs, this.#channel);
    const outcome = action?.outcome;
    let error: HarnessError | undefined;
    let reply: Buffer | undefined;
    let keep = false;
    try {
      if (outcome?.kind === 'disconnect') return false;
      const row = this.#check(name, frame);
      if (outcome?.kind === 'error') throw refusal(`a fault refuses ${name}`);
      reply = handlers[name as RequestName](this.#context, frame);
      keep = row.fds === 'one'; // the handler owns the descriptor now
    } catch (cause) {
      if (!(cause instanceof HarnessError) || effectOf(cause) === 'closed') throw cause;
      error = cause;
      this.#trace({ kind: 'vhost-user', event: 'refused', reason: cause.message });
    } finally {
      if (!keep) for (const fd of frame.fds) closeFd(fd);
    }
    if (outcome?.kind === 'drop') return true;
    if (error) return this.#refuse(name, frame, error);
    if (reply) await this.#answer(frame, distort(reply, outcome));
    else if (frame.needReply && this.#has('REPLY_ACK')) await this.#answer(frame, u64(0n));
    return true;
  }

  /** GET_CONFIG has its own error reply; other requests can be refused only with REPLY_ACK. */
  async #refuse(name: RequestName | undefined, frame: Frame, error: HarnessError): Promise<boolean> {
    const row: Request | undefined = name && requests[name];
    if (name === 'GET_CONFIG') await this.#answer(frame, empty);
    else if (row?.reply === undefined && frame.needReply && this.#has('REPLY_ACK'))
      await this.#answer(frame, u64(1n));
    else if (effectOf(error) !== 'ignored')
      throw hasCode(error, 'PROTOCOL') ? fatal(String(error.fields.reason)) : error;
    return true;
  }

  #answer({ request }: Frame, payload: Buffer): Promise<void> {
    return this.#channel.write(encodeFrame(request, payload, { reply: true }));
  }

  #check(name: RequestName | undefined, frame: Frame): Request {
    if (name === undefined) throw refusal(`unknown request ${frame.request}`);
    if (frame.reply) throw fatal(`${name}: a reply where a request was expected`);
    const row: Request = requests[name];
    checkShape(name, row, frame);
    if (row.needs && !this.#has(row.needs)) throw refusal(`${name} without ${row.needs} negotiated`);
    return row;
  }

  #has(feature: ProtocolFeature): boolean {
    return (this.#protocol & protocolBit(feature)) !== 0n;
  }
}

/** The properties that a fault can select: the command, and for config accesses offset and width. */
const viewOf = (name: RequestName | undefined, { request, payload }: Frame): MessageView => {
  const view: MessageView = { protocol: 'vhost-user', command: name ?? `${request}` };
  if ((name === 'GET_CONFIG' || name === 'SET_CONFIG') && payload.length >= 8) {
    view.offset = payload.readUInt32LE(0);
    view.width = payload.readUInt32LE(4);
  }
  return view;
};

/**
 * Applies a fault to a reply. Only the data of a config read can be changed, not the fields of the protocol.
 */
const distort = (reply: Buffer, outcome: Outcome | undefined): Buffer =>
  outcome === undefined || reply.length <= CONFIG_HEADER
    ? reply
    : Buffer.concat([reply.subarray(0, CONFIG_HEADER), wrongData(reply.subarray(CONFIG_HEADER), outcome)]);
