// Keeps the end of a stream, for error messages.

import type { Readable } from 'node:stream';

// vfio-user-pci requests an error interrupt that the function does not have, logs that, and works (QEMU
// 11.1).
const harmless = /Could not enable error recovery for the device/;

/**
 * Keeps the last `limit` characters of a text stream. The returned function gives the kept lines, without
 * harmless messages.
 */
export const tail = (stream: Readable, limit = 8192): (() => string) => {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-limit);
  });
  return () =>
    text
      .split('\n')
      .filter((line) => line !== '' && !harmless.test(line))
      .join('\n');
};
