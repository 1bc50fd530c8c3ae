// What a cell left beside its result, read back for a report.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TraceEvent } from '../base/trace.js';

export interface Evidence {
  readonly trace: readonly TraceEvent[];
  readonly console: readonly string[];
  readonly dmesg: readonly string[];
  /** The arguments of QEMU. */
  readonly qemu: readonly string[];
  /** The checks, in order. */
  readonly checks: readonly Check[];
}

export interface Check {
  readonly ok: boolean;
  readonly text: string;
}

export const noEvidence: Evidence = { trace: [], console: [], dmesg: [], qemu: [], checks: [] };

const linesOf = async (path: string): Promise<string[]> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Not everything is kept of a scenario that passed.
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').filter((line) => line !== '');
};

/** A process that was killed may leave half a line. */
const parseEvent = (line: string): TraceEvent[] => {
  try {
    return [JSON.parse(line) as TraceEvent];
  } catch {
    return [];
  }
};

/** The assertions of one scenario in a TAP stream that may hold several. */
export const checksIn = (lines: readonly string[], scenario: string): Check[] => {
  const start = lines.indexOf(`# Subtest: ${scenario}`);
  if (start === -1) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^(not )?ok /.test(line));
  return rest.slice(0, end === -1 ? undefined : end).flatMap((line) => {
    const [, not, text] = /^ {4}(not )?ok \d+ - (.*)$/.exec(line) ?? [];
    return text === undefined
      ? []
      : [{ ok: not === undefined, text: text.replace(/ \{$/, '').replaceAll(/\\([#\\])/g, '$1') }];
  });
};

/** `directory` is that of one scenario. Lists are empty where nothing was kept. */
export const readEvidence = async (directory: string, scenario: string): Promise<Evidence> => {
  const read = (name: string): Promise<string[]> => linesOf(join(directory, name));
  const [trace, console, dmesg, qemu, output] = await Promise.all(
    ['trace.jsonl', 'console.log', 'dmesg.txt', 'qemu.args', 'output.txt'].map(read),
  );
  return {
    trace: (trace ?? []).flatMap(parseEvent),
    console: console ?? [],
    dmesg: dmesg ?? [],
    qemu: qemu ?? [],
    checks: checksIn(output ?? [], scenario),
  };
};
