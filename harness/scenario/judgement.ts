// What a scenario's verdict is, and why: gathered from its checks and from the errors of its steps.

import { tmpdir } from 'node:os';
import { cacheDirectory } from '../base/cache/directory.js';
import { codeOf, HarnessError } from '../base/errors.js';
import { isDiskFull, leastFreeSpace } from '../base/file-system.js';
import { messageOf } from '../base/thrown.js';
import { type Verdict, verdictOf, worse } from '../run/verdict.js';

import type { Subject } from './checks.js';

/** The part of a tap test that is used. */
export interface Reporter {
  pass(message: string, extra: { skip: string }): unknown;
  fail(message: string, extra: Record<string, unknown>): unknown;
}

/** Below this, in 10^6 bytes, what failed with a bus error had no page left for its memory file. */
const nearlyNothingMB = 1;

const causes = (error: unknown): unknown[] =>
  error instanceof Error && error.cause !== undefined ? [error, ...causes(error.cause)] : [error];

/** QEMU writes to memory that is a file: where that cannot grow, the kernel ends it with SIGBUS. */
const endedBySigbus = (error: unknown): boolean =>
  causes(error).some(
    (each) => each instanceof HarnessError && each.code === 'QEMU_EXIT' && each.fields.how === 'SIGBUS',
  );

/** `error`, or DISK_FULL in its place when a full file system is what is behind it. `run` is where the artifacts go. */
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
  readonly #reporter: Reporter;
  readonly #name: string;
  readonly #run: string;
  readonly #reasons: string[] = [];
  readonly #advice: string[] = [];
  readonly #unmet = new Map<string, string>();
  #verdict: Verdict = 'passed';

  /** `name` is the scenario's; `run` is where its artifacts go. */
  constructor(reporter: Reporter, name: string, run: string) {
    this.#reporter = reporter;
    this.#name = name;
    this.#run = run;
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Why, one line each; none when it passed. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** What could be better, one line each; the verdict does not depend on it. */
  get advice(): readonly string[] {
    return this.#advice;
  }

  /** Requirements that were not met, each with the line of the first check that says so. */
  get unmet(): readonly { readonly requirement: string; readonly check: string }[] {
    return [...this.#unmet].map(([requirement, check]) => ({ requirement, check }));
  }

  advise(line: string): void {
    this.#advice.push(line);
  }

  /** A check did not hold, which its own line has reported. What is wrong with the device is not the driver's fault. */
  checkFailed(subject: Subject, line: string): void {
    if (subject === 'device') this.#add('broken', `BROKEN, not the driver: ${line}`);
    else {
      this.#add('failed', line);
      // What only the author of this driver asks for is in no table.
      if (subject !== 'driver' && !this.#unmet.has(subject)) this.#unmet.set(subject, line);
    }
  }

  /** Runs a step of the scenario and keeps what it throws: later steps, which clear away, are run all the same. */
  async attempt(step: () => unknown): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#error(await explainHost(error, this.#run));
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
    // Where in the harness an error of its table was made tells nobody anything.
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
    // What was not tried for want of something is no reason why the rest failed.
    if (before === 'skipped' && this.#verdict !== 'skipped') this.#reasons.length = 0;
    if (verdict !== 'skipped' || this.#verdict === 'skipped') this.#reasons.push(line);
  }
}
