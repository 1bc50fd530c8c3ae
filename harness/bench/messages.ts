// The messages between the processes of the benchmark.

import type { Kind } from './kinds.js';

/** The resources that a process has used so far. */
export interface Usage {
  /** User and system time, in µs. */
  readonly cpuUs: number;
  /** Resident memory, in bytes. */
  readonly rss: number;
}

/** A request to the client process. */
export type Order =
  | { readonly order: 'connect'; readonly kind: Kind; readonly sockets: readonly string[] }
  | { readonly order: 'run'; readonly kind: Kind; readonly accesses: number };

/** The result of a series of accesses. */
export interface Timing {
  /** Median time from writing a request to its reply, in µs. */
  readonly accessUs: number;
  /** Accesses per second by all clients together. */
  readonly perSecond: number;
}
