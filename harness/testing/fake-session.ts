// A vfio-user session on a fake wire, and its answers.

import { Trace } from '../base/trace.js';
import { command } from '../vfio-user/command.js';
import { decodeHeader, encodeMessage, HEADER_SIZE, headerFlag } from '../vfio-user/header.js';
import { errno } from '../vfio-user/refusal.js';
import { runSession, type ServeOptions } from '../vfio-user/session.js';
import { encodeVersion } from '../vfio-user/version.js';
import { FakeTarget } from './fake-target.js';
import { FakeDescriptors, FakeWire } from './fake-wire.js';

const errnoName = (value: number): string =>
  Object.entries(errno).find(([, number]) => number === value)?.[0] ?? String(value);

/** Splits a body into little-endian dwords; remaining bytes are single. */
export const wordsOf = (body: Buffer): number[] => {
  const whole = body.length - (body.length % 4);
  const words = Array.from({ length: whole / 4 }, (_, at) => body.readUInt32LE(4 * at));
  return [...words, ...body.subarray(whole)];
};

/** The body of a reply as dwords, or the name of the errno of an error reply. */
export interface Answer {
  id: number;
  result: readonly number[] | string;
}

/** Replies without content: to VERSION without capabilities (two u16), and to requests that only succeed. */
export const VERSION_0_0 = [0];
export const done: number[] = [];

/** Runs a session with a fake target on a fake wire. */
export const startSession = (options: ServeOptions = {}) => {
  const descriptors = new FakeDescriptors();
  const wire = new FakeWire(descriptors);
  const target = new FakeTarget(descriptors);
  const trace = new Trace();
  const ended = runSession(wire, target, descriptors, { trace: trace.sink, ...options });
  let id = 0;
  const send = (number: number, body?: Buffer, fds: number[] = [], flags = 0) =>
    wire.feed(encodeMessage({ id: id++, command: number, flags }, body), fds);
  const hello = () => send(command.VERSION, encodeVersion(0, 0));
  /** Ends the connection and returns the answers in order. */
  const answers = async (): Promise<Answer[]> => {
    wire.end();
    await ended;
    return wire.written.map((message) => {
      const { id, flags, error } = decodeHeader(message);
      const isError = flags === (headerFlag.REPLY | headerFlag.ERROR);
      return { id, result: isError ? errnoName(error) : wordsOf(message.subarray(HEADER_SIZE)) };
    });
  };
  return { wire, descriptors, target, trace, ended, send, hello, answers };
};
