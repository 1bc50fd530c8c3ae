// The trace of a process that may run for weeks: on disk, within the bounds of every trace.

import { join } from 'node:path';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { Trace } from '../base/trace.js';
import { TraceFile } from '../base/trace-file.js';

export interface DaemonTrace {
  readonly trace: Trace;
  /** Deletes what is on disk. */
  remove(): void;
}

/** Keeps the last events in memory and the others in a temporary directory. Throws TRACE_WRITE. */
export const daemonTrace = (): DaemonTrace => {
  const directory = temporaryDirectory();
  const store = new TraceFile(join(directory.path, 'trace.jsonl'));
  return { trace: new Trace({ store }), remove: directory.remove };
};
