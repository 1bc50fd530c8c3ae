// Common questions of scenarios about a trace, by the names of registers and commands.

import type { Trace, TraceEvent } from '../base/trace.js';
import type { When } from '../faults/fault.js';
import { commandName } from '../vmmci/commands.js';
import { accessTarget, type RegisterName, registers, status } from '../vmmci/registers.js';

/** The name of the command, such as `REBOOT`, or the number if the device does not know it. */
const commandText = (value: number): string => commandName(value) ?? `0x${value.toString(16)}`;

/** The acknowledgements since `mark`, each with its effect: `REBOOT: graceful`. */
export const acks = (trace: Trace, mark: number): string[] =>
  trace.since(mark, 'ack').map(({ value, effect }) => `${commandText(value)}: ${effect}`);

/** The accesses of the guest to BAR0 since `mark`, such as `read isr` and `write command = REBOOT`. */
export const accesses = (trace: Trace, mark: number): string[] =>
  trace.since(mark).flatMap((event) => {
    if (event.kind !== 'bar-read' && event.kind !== 'bar-write') return [];
    const { kind, offset, width, value } = event;
    const where = accessTarget(offset, width);
    if (kind === 'bar-read') return [`read ${where}`];
    const isCommand = offset === registers.command.offset;
    return [`write ${where} = ${isCommand ? commandText(value) : value}`];
  });

const highWords: ReadonlySet<string> = new Set(['read secondsHigh', 'read microsecondsHigh']);

const isClockAccess = (access: string): boolean => /seconds/.test(access) && !highWords.has(access);

/**
 * The accesses to the clock since `mark`, without whole reads of the high words. These are 0 on every host,
 * and a driver that reads each time as one field of 64 bits, as OpenBSD's does, reads them, too.
 */
export const clockAccesses = (trace: Trace, mark: number): string[] =>
  accesses(trace, mark).filter(isClockAccess);

/**
 * The accesses to the clock since `mark`, as `clockAccesses` has them, parted by the reads of the command. A
 * read within a reading, by a poll that runs at the same time, does not part it.
 */
export const clockRuns = (trace: Trace, mark: number): string[][] => {
  const runs: string[][] = [[]];
  for (const access of accesses(trace, mark))
    if (isClockAccess(access)) runs.at(-1)?.push(access);
    else if (access === 'read command' && runs.at(-1)?.at(-1) !== 'read secondsLow') runs.push([]);
  return runs.filter(({ length }) => length > 0);
};

/** The accesses of `count` readings of the clock that read nothing but what they need. */
export const plainReadings = (count: number): string[] =>
  Array.from({ length: count }, () => ['read secondsLow', 'read microsecondsLow']).flat();

/**
 * The accesses of so many readings as `seen` can hold, at least `count`: a driver may take the best of
 * several.
 */
export const wholeReadings = (seen: readonly string[], count: number): string[] =>
  plainReadings(Math.max(count, Math.floor(seen.length / 2)));

/** The writes of the guest to BAR0 since `mark`. */
export const writes = (trace: Trace, mark: number): string[] =>
  accesses(trace, mark).filter((access) => access.startsWith('write '));

/** The number of interrupts from the device since `mark`. */
export const interrupts = (trace: Trace, mark: number): number =>
  trace.since(mark, 'interrupt').filter(({ signalled }) => signalled === true).length;

/** The times that the device has sampled since `mark`, in microseconds since 1970. */
export const samples = (trace: Trace, mark: number): ReadonlySet<unknown> =>
  new Set(trace.since(mark, 'sample').map(({ us }) => us));

/** Matches a `bar-read` event of the register. */
export const isReadOf =
  (name: RegisterName) =>
  ({ offset }: TraceEvent<'bar-read'>): boolean =>
    offset === registers[name].offset;

/** Matches a `bar-read` event of the command register. */
export const isCommandRead = isReadOf('command');

/** Matches the `bar-read` event that ends a reading of the time. */
export const isTimeRead = isReadOf('microsecondsLow');

/** True if the status has DRIVER_OK. */
export const hasDriverOk = (value: number): boolean => (value & status.DRIVER_OK) !== 0;

/** Matches a `status` event with DRIVER_OK. */
export const isDriverOk = ({ value }: TraceEvent<'status'>): boolean => hasDriverOk(value);

/** Matches the `bar-write` event that resets the device. */
export const isReset = ({ offset, value }: TraceEvent<'bar-write'>): boolean =>
  offset === registers.status.offset && value === 0;

/** Matches the `bar-write` event with which the virtio core begins to set the device up after a reset. */
export const isAcknowledge = ({ offset, value }: TraceEvent<'bar-write'>): boolean =>
  offset === registers.status.offset && value === status.ACKNOWLEDGE;

/** The filter of a fault for reads of the register by the guest. */
export const readsOf = (name: RegisterName) =>
  ({
    protocol: 'vfio-user',
    command: 'REGION_READ',
    region: 0,
    offset: registers[name].offset,
  }) as const satisfies When;
