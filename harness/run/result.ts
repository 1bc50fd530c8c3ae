// The result of a scenario, as written to result.json and read by every report.

import * as v from 'valibot';
import { verdicts } from './verdict.js';

const lines = v.pipe(v.array(v.string()), v.readonly());

/** Requirement ids are plain strings here, because a report may come from another version of the harness. */
export const unmetSchema = v.pipe(
  v.array(v.object({ requirement: v.string(), check: v.string() })),
  v.readonly(),
);

export const scenarioResultSchema = v.object({
  scenario: v.string(),
  verdict: v.picklist(verdicts),
  /** The reasons for a verdict other than `passed`, one line each. */
  reasons: lines,
  /**
   * Requirements that the driver does not meet, each with the first failed check; absent if there are none.
   */
  unmet: v.exactOptional(unmetSchema),
  /** Failed checks whose level is advice only, one line each; absent if there are none. */
  advice: v.exactOptional(lines),
  /** Known causes of the failure (harness/diagnosis/causes), with the lines that show them. */
  causes: v.exactOptional(v.pipe(v.array(v.object({ id: v.string(), evidence: lines })), v.readonly())),
  /** Harness problems that the run recovered from, one line each; absent in results of older versions. */
  remedied: v.exactOptional(lines),
  seconds: v.number(),
  kernel: v.string(),
  generation: v.string(),
  driver: v.string(),
  qemu: v.string(),
  accelerator: v.string(),
  /** Peak resident memory of the Node.js process in MiB, including all scenarios that it ran before. */
  nodeMiB: v.number(),
  /** The directory of the artifacts. */
  directory: v.string(),
});

export type ScenarioResult = Readonly<v.InferOutput<typeof scenarioResultSchema>>;
