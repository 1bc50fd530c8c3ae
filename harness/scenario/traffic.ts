// What scenarios ask of a trace again and again, by the names of registers and commands.

import type { Trace, TraceEvent } from '../base/trace.js';
import type { When } from '../faults/fault.js';
import { commandName } from '../vmmci/commands.js';
import { type RegisterName, registerAt, registers, status } from '../vmmci/registers.js';

/** `REBOOT`, or the number where the device knows no such command. */
const commandText = (value: number): string => commandName(value) ?? `0x${value.toString(16)}`;

/** The acknowledgements since `mark`, as `REBOOT: graceful`: the value written and what it did. */
export const acks = (trace: Trace, mark: number): string[] =>
  trace.since(mark, 'ack').map(({ value, effect }) => `${commandText(value)}: ${effect}`);

/** `command`, or `command (8 bits)` where an access has not the register's own width; `offset 33 (8 bits)` where no register starts. */
const target = (offset: number, width: number): string => {
  const name = registerAt(offset);
  const natural = name !== undefined && registers[name].size === width;
  return `${name ?? `offset ${offset}`}${natural ? '' : ` (${8 * width} bits)`}`;
};

/** The guest's accesses to BAR0 since `mark`, as `read isr` and `write command = REBOOT`. */
export const accesses = (trace: Trace, mark: number): string[] =>
  trace.since(mark).flatMap((event) => {
    if (event.kind !== 'bar-read' && event.kind !== 'bar-write') return [];
    const { kind, offset, width, value } = event;
    const where = target(offset, width);
    if (kind === 'bar-read') return [`read ${where}`];
    const isCommand = offset === registers.command.offset;
    return [`write ${where} = ${isCommand ? commandText(value) : value}`];
  });

/** The guest's writes among them. */
export const writes = (trace: Trace, mark: number): string[] =>
  accesses(trace, mark).filter((access) => access.startsWith('write '));

/** How often the device interrupted the guest since `mark`. */
export const interrupts = (trace: Trace, mark: number): number =>
  trace.since(mark, 'interrupt').filter(({ signalled }) => signalled === true).length;

/** The times that the device has sampled since `mark`, in microseconds. */
export const samples = (trace: Trace, mark: number): ReadonlySet<unknown> =>
  new Set(trace.since(mark, 'sample').map(({ us }) => us));

/** Of `bar-read`: a read of that register. */
export const isReadOf =
  (name: RegisterName) =>
  ({ offset }: TraceEvent<'bar-read'>): boolean =>
    offset === registers[name].offset;

/** Of `bar-read`: a look at the command register. */
export const isLook = isReadOf('command');

/** Of `bar-read`: the last access of a reading of the time. */
export const isTimeRead = isReadOf('microsecondsLow');

/** Whether a status has the bit that says that the driver is up. */
export const hasDriverOk = (value: number): boolean => (value & status.DRIVER_OK) !== 0;

/** Of `status`: the driver is up. */
export const isDriverOk = ({ value }: TraceEvent<'status'>): boolean => hasDriverOk(value);

/** For a fault: the guest's reads of that register. */
export const readsOf = (name: RegisterName) =>
  ({
    protocol: 'vfio-user',
    command: 'REGION_READ',
    region: 0,
    offset: registers[name].offset,
  }) as const satisfies When;
