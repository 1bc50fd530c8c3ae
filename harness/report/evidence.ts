// Reads back the artifacts of a cell for a report.

import { join } from 'node:path';
import { parseTraceLine, type TraceEvent } from '../base/trace-event.js';
import { readEnds } from './read-ends.js';

export interface Evidence {
  readonly trace: readonly TraceEvent[];
  /** Bytes in the middle of the trace that were not read. */
  readonly skippedBytes: number;
  readonly console: readonly string[];
  readonly dmesg: readonly string[];
  /** The arguments of QEMU. */
  readonly qemu: readonly string[];
}

export const noEvidence: Evidence = { trace: [], skippedBytes: 0, console: [], dmesg: [], qemu: [] };

/** A page shows at most this much of a trace: its beginning and its end. */
const maxTraceBytes = 8_000_000;
const maxLogBytes = 500_000;

export interface Check {
  readonly passed: boolean;
  readonly text: string;
}

/** The checks of a scenario, in order. */
export const checksOf = ({ trace }: Pick<Evidence, 'trace'>): Check[] =>
  trace
    .filter((event) => event.kind === 'check')
    .map(({ result, what }) => ({ passed: result === 'ok', text: what }));

/** Reads the artifact directory of one scenario. The list of a missing file is empty. */
export const readEvidence = async (directory: string): Promise<Evidence> => {
  const [trace, console, dmesg, qemu] = await Promise.all([
    readEnds(join(directory, 'trace.jsonl'), maxTraceBytes),
    readEnds(join(directory, 'console.log'), maxLogBytes),
    readEnds(join(directory, 'dmesg.txt'), maxLogBytes),
    readEnds(join(directory, 'qemu.args'), maxLogBytes),
  ]);
  return {
    trace: trace.lines.flatMap((line) => parseTraceLine(line) ?? []),
    skippedBytes: trace.skippedBytes,
    console: console.lines,
    dmesg: dmesg.lines,
    qemu: qemu.lines,
  };
};
