// What came of a scenario, as it is written to result.json and read by every report.
import { codeOf, HarnessError } from '../base/errors.js';

/** `failed`: the driver under test is wrong. `broken`: harness, host or QEMU are. `skipped`: not run, with a reason. */
export type Verdict = 'passed' | 'failed' | 'broken' | 'skipped';

export interface ScenarioResult {
  readonly scenario: string;
  readonly verdict: Verdict;
  /** Why, for every verdict but `passed`: one line each. */
  readonly reasons: readonly string[];
  /** What of the harness went wrong and was put right, one line each; absent in results of older versions. */
  readonly remedied?: readonly string[];
  readonly seconds: number;
  readonly kernel: string;
  readonly generation: string;
  readonly driver: string;
  readonly qemu: string;
  readonly accelerator: string;
  /** Peak resident memory of the Node process that ran it, in MiB, from that process's start: what it ran before counts too. */
  readonly nodeMiB: number;
  /** Where the artifacts are. */
  readonly directory: string;
}

/** The verdict that an error means. What is not one of ours is a defect of the harness. */
export const verdictOf = (error: unknown): Verdict => {
  if (codeOf(error) === 'DRIVER_LACKS') return 'skipped';
  return error instanceof HarnessError && error.blame === 'failed' ? 'failed' : 'broken';
};

/** The worse of two: a broken harness proves nothing about the driver. */
export const worse = (left: Verdict, right: Verdict): Verdict => {
  const order: readonly Verdict[] = ['passed', 'skipped', 'failed', 'broken'];
  return order.indexOf(left) >= order.indexOf(right) ? left : right;
};
