// The messages between the processes of the benchmark.

import * as v from 'valibot';
import { kinds } from './kinds.js';

/** The paths of the sockets on which the servers listen. */
export const socketsSchema = v.array(v.string());

/** The resources that a process has used so far. */
export const usageSchema = v.object({
  /** User and system time, in µs. */
  cpuUs: v.number(),
  /** Resident memory, in bytes. */
  rss: v.number(),
});

export type Usage = Readonly<v.InferOutput<typeof usageSchema>>;

/** A request to the client process. */
export const orderSchema = v.variant('order', [
  v.object({ order: v.literal('connect'), kind: v.picklist(kinds), sockets: socketsSchema }),
  v.object({ order: v.literal('run'), kind: v.picklist(kinds), accesses: v.number() }),
]);

export type Order = Readonly<v.InferOutput<typeof orderSchema>>;

/** The result of a series of accesses. */
export const timingSchema = v.object({
  /** Median time from writing a request to its reply, in µs. */
  accessUs: v.number(),
  /** Accesses per second by all clients together. */
  perSecond: v.number(),
});

export type Timing = Readonly<v.InferOutput<typeof timingSchema>>;
