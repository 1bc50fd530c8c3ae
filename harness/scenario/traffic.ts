// What scenarios ask of a trace again and again.
import type { Trace, TraceEvent } from '../base/trace.js';

/** The acknowledgements since `mark`: the value written and what it did. */
export const acks = (trace: Trace, mark: number): [value: unknown, effect: unknown][] =>
  trace.since(mark, 'ack').map(({ value, effect }) => [value, effect]);

/** The guest's accesses to BAR0 since `mark`, as `read 24` and `write 20 = 2`, 32 bits wide unless it says otherwise. */
export const accesses = (trace: Trace, mark: number): string[] =>
  trace.since(mark).flatMap(({ kind, offset, width, value }) => {
    const narrow = width === 4 ? '' : ` (${width} bytes)`;
    if (kind === 'bar-read') return [`read ${offset}${narrow}`];
    return kind === 'bar-write' ? [`write ${offset} = ${value}${narrow}`] : [];
  });

/** How often the device interrupted the guest since `mark`. */
export const interrupts = (trace: Trace, mark: number): number =>
  trace.since(mark, 'interrupt').filter(({ signalled }) => signalled === true).length;

/** Of `bar-read`: a look at the command register. */
export const isLook = ({ offset }: TraceEvent): boolean => offset === 20;

/** Of `status`: the driver is up. */
export const isDriverOk = ({ value }: TraceEvent): boolean => (Number(value) & 4) !== 0;

/** Of `bar-read`: the last access of a reading of the time. */
export const isTimeRead = ({ offset }: TraceEvent): boolean => offset === 32;
