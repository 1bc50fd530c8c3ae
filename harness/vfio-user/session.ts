// The session of one client: handles its messages one after the other and answers each in one write.

import { codeOf } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import { delay } from '../faults/delay.js';
import { type FaultHook, noFaults } from '../faults/hook.js';
import { commandName } from './command.js';
import type { Connection, Descriptors } from './connection.js';
import { distort, shownInstead } from './distort.js';
import { type Frame, readFrame } from './frame.js';
import { handle, newSession, type SessionState } from './handle.js';
import { encodeErrorReply, encodeReply, headerFlag } from './header.js';
import { decodeRequest, type Request } from './messages.js';
import { errno, errnoOf } from './refusal.js';
import type { Target } from './target.js';
import { viewOf } from './view.js';

export interface ServeOptions {
  trace?: TraceSink;
  faults?: FaultHook;
}

interface Context {
  connection: Connection;
  target: Target;
  descriptors: Descriptors;
  trace: TraceSink;
  faults: FaultHook;
  state: SessionState;
}

/**
 * Resolves with the reply; with `undefined` if a fault drops it. Rejects with PROTOCOL as the codec and the
 * handlers do.
 */
const perform = async (frame: Frame, context: Context): Promise<Buffer | undefined> => {
  const { header, body, fds } = frame;
  let request: Request | undefined;
  let problem: unknown;
  try {
    request = decodeRequest(header, body, fds.length);
  } catch (error) {
    problem = error;
  }
  const action = context.faults.before(viewOf(header, request));
  const outcome = action?.outcome;
  if (action !== undefined)
    context.trace({
      kind: 'fault',
      protocol: 'vfio-user',
      command: commandName(header.command),
      outcome: outcome?.kind,
      value: shownInstead(request, outcome),
      delayMs: action.delayMs,
      takesQemuDown: action.takesQemuDown,
    });
  if (action !== undefined && action.delayMs > 0) await delay(action.delayMs, context.connection);
  if (outcome?.kind === 'disconnect') {
    context.connection.close();
    return undefined;
  }
  if (outcome?.kind === 'error') return encodeErrorReply(header, outcome.errno);
  if (request === undefined) throw problem;
  const answer = await handle(request, fds, context.state, context.target, context.descriptors);
  if (outcome?.kind === 'drop') return undefined;
  return encodeReply(header, distort(answer, request, outcome));
};

/** Resolves with the reply, which may be an error reply. Rejects if the connection must be closed. */
const answer = async (frame: Frame, context: Context): Promise<Buffer | undefined> => {
  try {
    return await perform(frame, context);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    const number = errnoOf(error) ?? (codeOf(error) === 'PROTOCOL' ? undefined : errno.EIO);
    if (number === undefined) throw error;
    context.trace({
      kind: 'vfio-user',
      event: 'refused',
      command: commandName(frame.header.command),
      errno: number,
      reason: messageOf(error),
    });
    return encodeErrorReply(frame.header, number);
  } finally {
    for (const fd of frame.fds) context.descriptors.close(fd);
  }
};

const run = async (context: Context): Promise<void> => {
  for (;;) {
    const frame = await readFrame(context.connection, context.descriptors);
    if (frame === null) return;
    const reply = await answer(frame, context);
    if (reply !== undefined && (frame.header.flags & headerFlag.NO_REPLY) === 0)
      await context.connection.write(reply);
  }
};

/**
 * Serves one client until it leaves or violates the protocol. Then disables the interrupt and closes the
 * connection; the state of the target does not change. Messages are handled in order, so a slow target slows
 * the client down. Rejects only for a bug in the target.
 */
export const runSession = async (
  connection: Connection,
  target: Target,
  descriptors: Descriptors,
  { trace = noTrace, faults = noFaults }: ServeOptions = {},
): Promise<void> => {
  const context = { connection, target, descriptors, trace, faults, state: newSession(target) };
  trace({ kind: 'vfio-user', event: 'open' });
  let reason: string | undefined;
  try {
    await run(context);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    reason = messageOf(error);
  } finally {
    target.arm(null);
    connection.close();
    trace({ kind: 'vfio-user', event: 'closed', reason });
  }
};
