// Sends one request to a control socket.

import { connect } from 'node:net';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { problemOf } from '../base/read-checked.js';
import { checkSocketPath } from '../socket/path.js';
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

const isError = (value: unknown): value is { code: string; message: string } =>
  typeof value === 'object' && value !== null && 'code' in value && 'message' in value;

const anything = v.unknown();

/**
 * Calls a method and resolves with its result, which must match `schema`. Throws CONTROL_CONNECT if nobody
 * listens at `path`, CONTROL_REFUSED with the error of the peer, CONTROL_REPLY if there is no valid reply,
 * and SOCKET_PATH if `path` cannot be a socket.
 */
export const callControl = async <T = unknown>(
  path: string,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  { silenceMs = maxSilenceMs, schema }: { silenceMs?: number; schema?: v.GenericSchema<unknown, T> } = {},
): Promise<T> => {
  const id = 1;
  const broken = (reason: string): HarnessError => new HarnessError('CONTROL_REPLY', { path, reason });
  checkSocketPath(path);
  const socket = connect(path);
  socket.setTimeout(silenceMs, () => socket.destroy(broken(`silent for ${silenceMs / 1000} s`)));
  try {
    socket.write(encode({ id, method, params }));
    for await (const line of lines(socket, maxReplyBytes)) {
      const reply = parse(line);
      if ('event' in reply) continue;
      if (isError(reply.error)) {
        throw new HarnessError('CONTROL_REFUSED', { code: reply.error.code, message: reply.error.message });
      }
      if (reply.id !== id || !('result' in reply)) throw broken(`not a reply: ${line.slice(0, 200)}`);
      const result = v.safeParse(schema ?? (anything as v.GenericSchema<unknown, T>), reply.result);
      if (!result.success) throw broken(`the result of ${method}: ${problemOf(result.issues[0])}`);
      return result.output;
    }
    throw broken('closed before the reply');
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    if (error instanceof SyntaxError) throw broken(error.message);
    const { code = String(error), syscall } = error as NodeJS.ErrnoException;
    throw syscall === 'connect'
      ? new HarnessError('CONTROL_CONNECT', { path, errno: code }, error)
      : new HarnessError('CONTROL_REPLY', { path, reason: code }, error);
  } finally {
    socket.destroy();
  }
};
