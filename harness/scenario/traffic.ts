// What scenarios ask of a trace again and again.
import type { Trace, TraceEvent } from '../base/trace.js';

/** The acknowledgements since `mark`: the value written and what it did. */
export const acks = (trace: Trace, mark: number): [value: number, effect: TraceEvent<'ack'>['effect']][] =>
  trace.since(mark, 'ack').map(({ value, effect }) => [value, effect]);

/** The guest's accesses to BAR0 since `mark`, as `read 24` and `write 20 = 2`, 32 bits wide unless it says otherwise. */
export const accesses = (trace: Trace, mark: number): string[] =>
  trace.since(mark).flatMap((event) => {
    if (event.kind !== 'bar-read' && event.kind !== 'bar-write') return [];
    const { kind, offset, width, value } = event;
    const narrow = width === 4 ? '' : ` (${width} bytes)`;
    return [kind === 'bar-read' ? `read ${offset}${narrow}` : `write ${offset} = ${value}${narrow}`];
  });

/** How often the device interrupted the guest since `mark`. */
export const interrupts = (trace: Trace, mark: number): number =>
  trace.since(mark, 'interrupt').filter(({ signalled }) => signalled === true).length;

/** A look at the command register. */
export const isLook = ({ offset }: TraceEvent<'bar-read'>): boolean => offset === 20;

/** The driver is up. */
export const isDriverOk = ({ value }: TraceEvent<'status'>): boolean => (value & 4) !== 0;

/** The last access of a reading of the time. */
export const isTimeRead = ({ offset }: TraceEvent<'bar-read'>): boolean => offset === 32;
