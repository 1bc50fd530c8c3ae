// The result of a scenario, as it is written to its artifacts.

import { HarnessError, hasCode } from '../base/errors.js';
import type { Trace } from '../base/trace.js';
import type { FoundCause } from '../diagnosis/causes/find-causes.js';
import { artifactDirectory } from '../run/artifacts.js';
import type { Environment } from '../run/environment.js';
import type { ScenarioResult } from '../run/result.js';
import type { Judgement } from './judgement.js';

/**
 * Throws CAUSE_UNFOUNDED if causes were found in a scenario that the bundled driver passed: a right driver
 * has none.
 */
export const assertNoCause = (found: readonly FoundCause[]): void => {
  if (found.length === 0) return;
  throw new HarnessError('CAUSE_UNFOUNDED', { causes: found.map(({ id }) => id).join(', ') });
};

/** The harness problems that the run recovered from; none are known if the trace cannot be read. */
const remediedIn = (trace: Trace): string[] => {
  try {
    return trace.since(0, 'snapshot').flatMap(({ error }) => (typeof error === 'string' ? [error] : []));
  } catch (error) {
    // The judgement has this error already: without its result, the scenario would lose the reason.
    if (hasCode(error, 'TRACE_WRITE')) return [];
    throw error;
  }
};

export interface ResultFacts extends Pick<ScenarioResult, 'generation' | 'seconds'> {
  readonly causes: readonly FoundCause[];
}

export const scenarioResult = (
  name: string,
  environment: Environment,
  { verdict, reasons, advice, unmet }: Judgement,
  trace: Trace,
  { generation, seconds, causes }: ResultFacts,
): ScenarioResult => ({
  scenario: name,
  verdict,
  reasons,
  ...(unmet.length > 0 && { unmet: [...unmet] }),
  ...(advice.length > 0 && { advice }),
  ...(causes.length > 0 && { causes }),
  remedied: remediedIn(trace),
  seconds: Math.round(seconds * 1000) / 1000,
  kernel: environment.kernel.release,
  generation,
  driver: environment.driver.name,
  qemu: environment.qemu.version,
  accelerator: environment.accelerator.name,
  nodeMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  directory: artifactDirectory(environment, name),
});
