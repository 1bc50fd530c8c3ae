// Collects a scenario's verdict and the reasons for it from its checks and from the errors of its steps.

import { tmpdir } from 'node:os';
import { cacheDirectory } from '../base/cache/directory.js';
import { codeOf, HarnessError } from '../base/errors.js';
import { isDiskFull, leastFreeSpace, nearlyNothingMB } from '../base/file-system.js';
import { asHostError } from '../base/host-error.js';
import { firstLine } from '../base/text.js';
import { messageOf } from '../base/thrown.js';
import { causes } from '../diagnosis/causes/cause-table.js';
import type { FoundCause } from '../diagnosis/causes/find-causes.js';
import { counts, type Level, requirements } from '../diagnosis/requirements.js';
import { type Verdict, verdictOf, worse } from '../run/verdict.js';
import type { Subject } from './checks.js';
import type { Assertions } from './reporter.js';

const chain = (error: unknown): unknown[] =>
  error instanceof Error && error.cause !== undefined ? [error, ...chain(error.cause)] : [error];

/** QEMU's memory is a mapped file. If the file cannot grow, the kernel kills QEMU with SIGBUS. */
const endedBySigbus = (error: unknown): boolean =>
  chain(error).some(
    (each) => each instanceof HarnessError && each.code === 'QEMU_EXIT' && each.fields.how === 'SIGBUS',
  );

/**
 * Returns DISK_FULL in place of `error` if a full file system caused it. `run` is the directory of the
 * artifacts.
 */
export const explainHost = async (error: unknown, run: string): Promise<unknown> => {
  if (codeOf(error) === 'DISK_FULL' || verdictOf(error) !== 'broken') return error;
  const full = isDiskFull(error);
  if (!full && !endedBySigbus(error)) return error;
  const { mount, freeMB, variable } = await leastFreeSpace({
    TMPDIR: tmpdir(),
    XDG_CACHE_HOME: cacheDirectory(),
    VMMCI_RUN: run,
  });
  if (!full && freeMB > nearlyNothingMB) return error;
  const reason = messageOf(error);
  return new HarnessError('DISK_FULL', { mount, freeMB, reason, variable }, error);
};

export class Judgement {
  readonly #reporter: Assertions;
  readonly #name: string;
  readonly #run: string;
  readonly #reasons: string[] = [];
  readonly #advice: string[] = [];
  readonly #unmet = new Map<string, string>();
  #verdict: Verdict = 'passed';

  /** `name` is the scenario's; `run` is the directory of its artifacts. */
  constructor(reporter: Assertions, name: string, run: string) {
    this.#reporter = reporter;
    this.#name = name;
    this.#run = run;
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  /** The reasons for the verdict, one line each; empty if the scenario passed. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** Advice that does not affect the verdict, one line each. */
  get advice(): readonly string[] {
    return this.#advice;
  }

  /** The unmet requirements, each with the line of its first failed check, or of the error. */
  get unmet(): readonly { readonly requirement: string; readonly check: string }[] {
    return [...this.#unmet].map(([requirement, check]) => ({ requirement, check }));
  }

  advise(line: string): void {
    this.#advice.push(line);
  }

  /**
   * Records a failed check that was already reported. A failed check of the device is not the driver's fault.
   */
  checkFailed(subject: Subject, line: string): void {
    if (subject === 'device') this.#add('broken', `BROKEN, not the driver: ${line}`);
    else {
      this.#add('failed', line);
      // Checks of the driver's own scenarios do not belong to a requirement.
      if (subject !== 'driver' && !this.#unmet.has(subject)) this.#unmet.set(subject, line);
    }
  }

  /**
   * Counts the requirements that the causes violate as unmet if an error ended the scenario before a check of
   * them could fail; `line` is the lowest level that fails a scenario.
   */
  explain(found: readonly Pick<FoundCause, 'id'>[], line: Level): void {
    const lines = new Set(this.#unmet.values());
    const error = this.#reasons.find((reason) => !lines.has(reason));
    if (error === undefined) return;
    for (const { id } of found) {
      const { requirement } = causes[id];
      if (!counts(requirements[requirement].level, line) || this.#unmet.has(requirement)) continue;
      this.#unmet.set(requirement, firstLine(error));
    }
  }

  /** Runs a step of the scenario and records its error, so that later steps, which clean up, still run. */
  async attempt(step: () => unknown): Promise<void> {
    try {
      await step();
    } catch (error) {
      const explained = await explainHost(error, this.#run);
      this.#error(asHostError(explained) ?? explained);
    }
  }

  #error(error: unknown): void {
    const verdict = verdictOf(error);
    const message = messageOf(error);
    const line = verdict === 'broken' ? `BROKEN, not the driver: ${message}` : message;
    this.#add(verdict, line);
    if (verdict === 'skipped') {
      this.#reporter.pass(this.#name, { skip: line });
      return;
    }
    const [head = '', ...lines] = line.trimEnd().split('\n');
    // The stack of a HarnessError is of no use to the reader.
    const unexpected = error instanceof Error && !(error instanceof HarnessError);
    this.#reporter.fail(head, {
      ...(lines.length > 0 && { lines }),
      ...(unexpected && { found: error.stack }),
      at: null,
      stack: '',
    });
  }

  #add(verdict: Verdict, line: string): void {
    const before = this.#verdict;
    this.#verdict = worse(before, verdict);
    // The reason for a skip is not a reason for a later failure.
    if (before === 'skipped' && this.#verdict !== 'skipped') this.#reasons.length = 0;
    if (verdict !== 'skipped' || this.#verdict === 'skipped') this.#reasons.push(line);
  }
}
