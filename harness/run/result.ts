// What came of a scenario, as it is written to result.json and read by every report.
import type { Verdict } from './verdict.js';

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
