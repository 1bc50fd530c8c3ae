// Stages of a matrix for tests. They need no guest, and the test ends each of them.

import type { KernelRow } from '../../images/kernels/table.js';
import type { StageDone, Stages } from '../matrix/pipeline.js';
import type { Cell } from '../matrix/plan.js';
import { unrunCell } from '../matrix/unrun.js';
import type { ReportCell, ReportStep, StepName } from '../report/model.js';
import type { Verdict } from '../run/verdict.js';

const row = (name: string): KernelRow => ({
  name,
  series: name,
  flavour: 'cloud',
  architecture: 'amd64',
  suite: 'trixie',
  why: '',
  differs: '',
});

export const cellOf = (kernel: string, file: string): Cell => ({
  kernel: row(kernel),
  generation: '8.0',
  file,
});

const stepOf = (name: StepName, verdict: Verdict, reasons: string[] = []): ReportStep => ({
  name,
  verdict,
  reasons,
  seconds: 1,
  cached: false,
  retried: [],
});

export interface FakeStages extends Stages<{ name: string; release: string; version: string }, string> {
  /** The stages in the order in which they began: `fetch a`, `build a`, `boot a`, `x on a`. */
  readonly begun: string[];
}

interface Outcome {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** `outcome` may wait and returns the verdict of the stage with that name (default: `passed`). */
export const fakeStages = (
  outcome: (name: string) => Promise<Outcome | undefined> | Outcome | undefined = () => undefined,
): FakeStages => {
  const begun: string[] = [];
  const stage = async <T>(step: StepName, kernel: string, value: T): Promise<StageDone<T>> => {
    begun.push(`${step} ${kernel}`);
    const { verdict = 'passed', reason = '' } = (await outcome(`${step} ${kernel}`)) ?? {};
    const passed = verdict === 'passed';
    return { step: stepOf(step, verdict, passed ? [] : [reason]), value: passed ? value : undefined };
  };
  return {
    begun,
    fetch: ({ name }) => stage('fetch', name, { name, release: `${name}.1`, version: `${name}.1-1` }),
    build: ({ name }) => stage('build', name, 'modules'),
    boot: ({ name }) => stage('boot', name, true),
    cell: async (cell): Promise<ReportCell[]> => {
      const name = `${cell.file} on ${cell.kernel.name}`;
      begun.push(name);
      const { verdict = 'passed', reason = '' } = (await outcome(name)) ?? {};
      const reasons = verdict === 'passed' ? [] : [reason];
      return [{ ...unrunCell(cell, ''), verdict, reasons, directory: name }];
    },
    close: async () => [],
  };
};
