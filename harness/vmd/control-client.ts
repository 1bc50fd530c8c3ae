// Sends one request to a control socket.

import { connect } from 'node:net';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { problemOf } from '../base/read-checked.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { checkSocketPath, socketPathForNode } from '../socket/path.js';
import { encode } from './control.js';
import { lines } from './lines.js';

/** The limit for the length of a reply. */
const maxReplyBytes = 64 * 1024 * 1024;

/** The peer counts as dead if it sends nothing for so many milliseconds. */
const maxSilenceMs = 10_000;

/** Parses a line; returns an empty object, which is not a valid reply, if it is not an object. */
const parse = (line: string): Readonly<Record<string, unknown>> => {
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

const refusalSchema = v.object({ code: v.string(), message: v.string() });

interface CallOptions<T> {
  silenceMs?: number;
  /** Without it, any result is accepted. */
  schema?: v.GenericSchema<unknown, T>;
}

/**
 * Calls a method and resolves with its result, which must match `schema`. Rejects with CONTROL_CONNECT if
 * nobody listens at `path`, CONTROL_REFUSED with the error of the peer, CONTROL_REPLY if there is no valid
 * reply, and SOCKET_PATH if `path` cannot be a socket.
 */
export async function callControl<T>(
  path: string,
  method: string,
  params: Readonly<Record<string, unknown>>,
  options: CallOptions<T> & { schema: v.GenericSchema<unknown, T> },
): Promise<T>;
export async function callControl(
  path: string,
  method: string,
  params?: Readonly<Record<string, unknown>>,
  options?: CallOptions<unknown>,
): Promise<unknown>;
export async function callControl(
  path: string,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  { silenceMs = maxSilenceMs, schema = v.unknown() }: CallOptions<unknown> = {},
): Promise<unknown> {
  const id = 1;
  const broken = (reason: string): HarnessError => new HarnessError('CONTROL_REPLY', { path, reason });
  checkSocketPath(path);
  const socket = connect(socketPathForNode(path));
  socket.setTimeout(silenceMs, () => socket.destroy(broken(`silent for ${silenceMs / 1000} s`)));
  try {
    socket.write(encode({ id, method, params }));
    for await (const line of lines(socket, maxReplyBytes)) {
      const reply = parse(line);
      if ('event' in reply) continue;
      const refusal = v.safeParse(refusalSchema, reply.error);
      if (refusal.success) throw new HarnessError('CONTROL_REFUSED', refusal.output);
      if (reply.id !== id || !('result' in reply)) throw broken(`not a reply: ${line.slice(0, 200)}`);
      const result = v.safeParse(schema, reply.result);
      if (!result.success) throw broken(`the result of ${method}: ${problemOf(result.issues[0])}`);
      return result.output;
    }
    throw broken('closed before the reply');
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    if (error instanceof SyntaxError) throw broken(error.message);
    const reason = systemCode(error) ?? messageOf(error);
    throw error instanceof Error && 'syscall' in error && error.syscall === 'connect'
      ? new HarnessError('CONTROL_CONNECT', { path, errno: reason }, error)
      : new HarnessError('CONTROL_REPLY', { path, reason }, error);
  } finally {
    socket.destroy();
  }
}
