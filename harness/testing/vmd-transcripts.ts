// Transcripts of the register handlers of vmd itself in thirteen revisions: the result of each operation and
// what it changed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** The changes that an operation made to the VM process. */
export interface Changes {
  readonly command?: number;
  readonly status?: number;
  readonly features?: number;
  readonly isr?: number;
  readonly line?: number;
  /** Calls to the interrupt controller, `raise` and `lower` of the device's own interrupt. */
  readonly irq?: readonly string[];
  /** Seconds that the timer was set to, and milliseconds left. */
  readonly timer?: readonly [set: number, left: number] | null;
  readonly end?: { readonly why: string; readonly how: string; readonly report?: string };
}

/**
 * `read`, `write`, `config-read`, `config-write`: offset, width, value; `command`: name; `advance`: ms;
 * `jump`, `set`: microseconds.
 */
export type Operation = readonly [name: string, ...values: (number | string | null | Changes)[]];

export interface Sequence {
  readonly revision: string;
  readonly name: string;
  /** True if the host's clock runs; otherwise only `jump` and `set` change it. */
  readonly clock: 'running' | 'frozen';
  /** Microseconds since the epoch. */
  readonly start: number;
  readonly ops: readonly Operation[];
}

/** The path from dist/harness/testing. Only the repository contains the file, not the package. */
const file = join(import.meta.dirname, '../../../harness/testing/data/vmd-transcripts.jsonl.br');

export const readTranscripts = (): Sequence[] =>
  brotliDecompressSync(readFileSync(file))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sequence);

export const changesOf = (operation: Operation): Changes => {
  const last = operation.at(-1);
  return typeof last === 'object' && last !== null ? last : {};
};
