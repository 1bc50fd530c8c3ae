// The results of a mutation run while it goes on, and their file.

import {
  type MutantResult,
  type MutationKey,
  type MutationRun,
  readMutationRun,
  writeMutationRun,
} from './result.js';

/** The results so far. Each change is in the file once its promise resolves. */
export class MutationRecord {
  readonly path: string;
  #run: MutationRun;
  #saved = Promise.resolve();

  private constructor(path: string, run: MutationRun) {
    this.path = path;
    this.#run = run;
  }

  /**
   * The record of that file, empty if there is none. Rejects with MUTATION_RESULTS as from `readMutationRun`.
   */
  static async open(path: string, key: MutationKey): Promise<MutationRecord> {
    const run = await readMutationRun(path, key);
    return new MutationRecord(path, run ?? { ...key, lines: {}, usable: {}, results: [] });
  }

  get run(): MutationRun {
    return this.#run;
  }

  /** The results of these mutants. */
  of(ids: ReadonlySet<string>): MutantResult[] {
    return this.#run.results.filter(({ id }) => ids.has(id));
  }

  /** Adds what the unchanged driver showed. */
  addPrepared({ lines, usable }: Pick<MutationRun, 'lines' | 'usable'>): Promise<void> {
    return this.#save({ lines, usable: { ...this.#run.usable, ...usable } });
  }

  /** Adds a result, in place of an earlier one of the same mutant. */
  addResult(result: MutantResult): Promise<void> {
    return this.#save({ results: [...this.#run.results.filter(({ id }) => id !== result.id), result] });
  }

  /** One write after another: each writes what is known by then. */
  #save(change: Partial<MutationRun>): Promise<void> {
    this.#run = { ...this.#run, ...change };
    this.#saved = this.#saved.then(() => writeMutationRun(this.path, this.#run));
    return this.#saved;
  }
}
