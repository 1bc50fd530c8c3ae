// Splits a byte stream into lines of limited length.

import { HarnessError } from '../base/errors.js';

const NEWLINE = 0x0a;

/**
 * Yields each line without its newline, including an unterminated last line. Holds at most `limit` bytes:
 * throws CONTROL_REQUEST for a longer line.
 */
export async function* lines(stream: AsyncIterable<Buffer>, limit: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    length += part.length;
    if (length > limit)
      throw new HarnessError('CONTROL_REQUEST', { reason: `a line is longer than ${limit} bytes` });
    parts.push(part);
  };
  const take = (): string => {
    const line = Buffer.concat(parts).toString();
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (length > 0) yield take();
}
