// The parts of a workflow and of a composite action that tests need to run them.

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parse } from 'yaml';

const scalar = v.union([v.string(), v.number(), v.boolean()]);
const scalars = v.record(v.string(), scalar);

const stepSchema = v.strictObject({
  id: v.optional(v.string()),
  name: v.optional(v.string()),
  if: v.optional(scalar),
  uses: v.optional(v.string()),
  with: v.optional(scalars, {}),
  run: v.optional(v.string()),
  shell: v.optional(v.literal('bash')),
  env: v.optional(scalars, {}),
});

const jobSchema = v.strictObject({
  name: v.optional(v.string()),
  'runs-on': v.string(),
  'timeout-minutes': v.number(),
  needs: v.optional(v.union([v.string(), v.array(v.string())]), []),
  if: v.optional(scalar),
  strategy: v.optional(
    v.strictObject({
      'fail-fast': v.boolean(),
      matrix: v.record(v.string(), v.union([v.string(), v.array(scalar)])),
    }),
  ),
  outputs: v.optional(scalars, {}),
  env: v.optional(scalars, {}),
  steps: v.array(stepSchema),
});

const workflowSchema = v.object({ env: v.optional(scalars, {}), jobs: v.record(v.string(), jobSchema) });

const actionSchema = v.object({
  inputs: v.optional(v.record(v.string(), v.object({ default: v.optional(v.string(), '') })), {}),
  outputs: v.optional(v.record(v.string(), v.object({ value: v.string() })), {}),
  runs: v.object({ using: v.literal('composite'), steps: v.array(stepSchema) }),
});

export type Step = v.InferOutput<typeof stepSchema>;
export type Job = v.InferOutput<typeof jobSchema>;
export type Workflow = v.InferOutput<typeof workflowSchema>;
export type Action = v.InferOutput<typeof actionSchema>;

/** Parses a workflow. Throws for an unknown key, since it would be ignored. */
export const parseWorkflow = (text: string): Workflow => v.parse(workflowSchema, parse(text));

export const readAction = (file: string): Action => v.parse(actionSchema, parse(readFileSync(file, 'utf8')));
