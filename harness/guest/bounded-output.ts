// Writes the output of a session to a stream, and holds the session back while the stream is full.

import type { Writable } from 'node:stream';
import type { TerminalSession } from './terminals.js';

/** Returns the function that writes. `session` is called first when the stream is full. */
export const boundedOutput = (
  stream: Writable,
  session: () => Pick<TerminalSession, 'hold'>,
): ((bytes: Buffer) => void) => {
  let isHeld = false;
  return (bytes) => {
    if (stream.write(bytes) || isHeld) return;
    isHeld = true;
    const release = session().hold();
    stream.once('drain', () => {
      isHeld = false;
      release();
    });
  };
};
