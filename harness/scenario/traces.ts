// The traces of one scenario, one for each of its devices. They are written to its artifacts while it runs.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Trace, type TraceEvent } from '../base/trace.js';
import { TraceFile } from '../base/trace-file.js';

export class Traces {
  readonly #directory: string;
  readonly #files: TraceFile[] = [];
  readonly #start = process.hrtime.bigint();

  /** `directory` is that of the artifacts. Files of an earlier run in it are removed. */
  constructor(directory: string) {
    rmSync(directory, { recursive: true, force: true });
    this.#directory = directory;
  }

  /** Adds a trace: `trace.jsonl` first, then `trace-2.jsonl` and so on. Throws TRACE_WRITE. */
  add(): Trace {
    const number = this.#files.length + 1;
    const store = new TraceFile(
      join(this.#directory, number === 1 ? 'trace.jsonl' : `trace-${number}.jsonl`),
    );
    this.#files.push(store);
    return new Trace({ store, start: this.#start });
  }

  /** The kept events of each trace; a trace with too many events keeps only some of them. */
  kept(): readonly (readonly TraceEvent[])[] {
    return this.#files.map((file) => file.kept());
  }

  /** Throws TRACE_WRITE if a trace is incomplete, because checks of it may have been wrong. */
  close(): void {
    for (const file of this.#files) file.finish();
  }

  discard(): void {
    for (const { path } of this.#files) rmSync(path, { force: true });
  }
}
