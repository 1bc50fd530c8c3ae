// What the benchmark's processes say to each other.

import type { Kind } from './kinds.js';

/** What a process has used so far. */
export interface Usage {
  /** User and system time, in µs. */
  readonly cpuUs: number;
  /** Resident memory, in bytes. */
  readonly rss: number;
}

/** To the process with the clients. */
export type Order =
  | { readonly order: 'connect'; readonly kind: Kind; readonly sockets: readonly string[] }
  | { readonly order: 'run'; readonly kind: Kind; readonly accesses: number };

/** What a run of accesses took. */
export interface Timing {
  /** Of one access, from the request's writing to the reply: the median, in µs. */
  readonly accessUs: number;
  /** Accesses a second, of all clients together. */
  readonly perSecond: number;
}
