// What came of a scenario, as it is written to result.json and read by every report.
import * as v from 'valibot';
import { verdicts } from './verdict.js';

const lines = v.pipe(v.array(v.string()), v.readonly());

/** By id, as in the table of requirements: a report may be of another version than its reader. */
export const unmetSchema = v.pipe(
  v.array(v.object({ requirement: v.string(), check: v.string() })),
  v.readonly(),
);

export const scenarioResultSchema = v.object({
  scenario: v.string(),
  verdict: v.picklist(verdicts),
  /** Why, for every verdict but `passed`: one line each. */
  reasons: lines,
  /** Requirements of the driver that were not met, each with the line of the first check that says so; absent when there are none. */
  unmet: v.exactOptional(unmetSchema),
  /** Checks below the level that fails, one line each; absent when there are none. */
  advice: v.exactOptional(lines),
  /** Why it failed, as far as that is known: causes of harness/diagnosis/causes, with the lines that show them. */
  causes: v.exactOptional(v.pipe(v.array(v.object({ id: v.string(), evidence: lines })), v.readonly())),
  /** What of the harness went wrong and was put right, one line each; absent in results of older versions. */
  remedied: v.exactOptional(lines),
  seconds: v.number(),
  kernel: v.string(),
  generation: v.string(),
  driver: v.string(),
  qemu: v.string(),
  accelerator: v.string(),
  /** Peak resident memory of the Node process that ran it, in MiB, from that process's start: what it ran before counts too. */
  nodeMiB: v.number(),
  /** Where the artifacts are. */
  directory: v.string(),
});

export type ScenarioResult = Readonly<v.InferOutput<typeof scenarioResultSchema>>;
