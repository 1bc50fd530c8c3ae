// The events of a trace: a union with one shape per kind. The compiler checks the shapes where events are
// created, and a schema checks them where they are read from a file.

import * as v from 'valibot';

/**
 * The phase of a scenario in which a driver of the harness uses the transport: its accesses show no fault.
 */
export const anotherDriver = 'another driver';

/** JSON has no bigint: it is a number if that is exact, otherwise a string. */
const bigint = v.pipe(
  v.union([v.bigint(), v.pipe(v.number(), v.safeInteger()), v.pipe(v.string(), v.regex(/^-?\d+$/))]),
  v.transform((value) => BigInt(value)),
);
const number = v.number();
const flag = v.boolean();
const text = v.string();
const optional = v.optional;
const oneOf = v.picklist;

/**
 * A register access; offset and width in bytes. `absent`: the device did not answer, so the value is all
 * ones.
 */
const access = { offset: number, width: number, absent: optional(flag) };

/** The fields of each kind besides `kind`, `seq` and `at`. */
const fields = {
  // the guest's accesses to the function
  'bar-read': { ...access, value: number, stale: optional(flag) },
  'bar-write': { ...access, value: number },
  /** `value` is present for accesses of up to 4 bytes. */
  'config-read': { offset: number, width: number, value: optional(number) },
  'config-write': { offset: number, width: number, value: optional(number) },
  reset: {},
  // the interrupt line and its signal
  interrupt: {
    line: oneOf(['raise', 'lower']),
    isr: number,
    cause: optional(text),
    /** True if the guest was interrupted, not only the line raised. */
    signalled: optional(flag),
  },
  irq: { event: oneOf(['armed', 'disabled', 'mask', 'unmask', 'loopback', 'withdrawn']) },
  // the device
  status: { value: number },
  features: { value: number },
  command: {
    name: oneOf(['SHUTDOWN', 'REBOOT', 'SYNCRTC']),
    result: oneOf(['sent', 'unchanged', 'no-driver', 'not-negotiated']),
  },
  ack: {
    value: number,
    effect: oneOf(['none', 'guest-shutdown', 'graceful', 'acknowledged', 'mismatch', 'cleared', 'illegal']),
  },
  /** The host's clock as latched, in microseconds since the epoch. */
  sample: { us: bigint },
  timer: {
    name: oneOf(['ack', 'graceful']),
    event: oneOf(['started', 'restarted', 'expired', 'cancelled']),
    ms: number,
  },
  // the host of the device
  stop: { force: flag },
  pause: {},
  unpause: {},
  'clock-jump': { seconds: bigint },
  'guest-exit': { exit: text, aftermath: text },
  kill: { reason: text, outcome: text },
  // the two protocols
  backend: {
    event: oneOf(['attached', 'failed', 'lost', 'ignores the offset of GET_CONFIG']),
    what: optional(text),
    reason: optional(text),
  },
  'vfio-user': {
    event: text,
    command: optional(text),
    errno: optional(number),
    reason: optional(text),
  },
  'vhost-user': { event: text, attempt: optional(number), reason: optional(text) },
  fault: {
    protocol: oneOf(['vfio-user', 'vhost-user']),
    command: optional(text),
    outcome: optional(text),
    /** What a read is answered with in place of the register's value, which `bar-read` has. */
    value: optional(number),
    delayMs: optional(number),
    takesQemuDown: optional(text),
  },
  'fault-plan': { plan: v.nullable(text), takesQemuDown: optional(text) },
  // QEMU and the guest
  'qemu-exec': {},
  'qemu-start': { version: text },
  'qemu-exit': { how: text },
  qmp: { command: text },
  /** `data` is JSON. */
  'qmp-event': { event: text, data: text },
  snapshot: { reason: text, error: optional(text) },
  console: { line: text },
  shell: { command: text, status: number },
  // the scenario
  /** A value that the driver under test reports, such as its drift in nanoseconds. */
  reading: { what: text, value: bigint },
  /**
   * A reading of the PTP clock, in nanoseconds since the epoch: the guest's clock before it, the time of the
   * PTP clock, the guest's clock after it.
   */
  'ptp-reading': { before: bigint, time: bigint, after: bigint },
  /**
   * `expected`, `seen` and, where they are single integers, `numbers`: only of a check that does not hold.
   */
  check: {
    what: text,
    result: oneOf(['ok', 'not ok', 'advice']),
    requirement: text,
    expected: optional(text),
    seen: optional(text),
    numbers: optional(v.object({ from: bigint, to: bigint, seen: bigint })),
  },
  /** The start of a phase of the driver, such as its probe. */
  phase: { name: text },
  /** Only in files: the number of events of each kind that were dropped between `first` and `last`. */
  counted: { first: number, last: number, counts: v.record(text, number) },
} as const;

type Shapes = typeof fields;

/**
 * What a record is about; the field `kind` of trace.jsonl. Scenarios mostly ask for `bar-read` and
 * `bar-write` (a register access: `offset` and `width` in bytes, `value`), `interrupt` (`line`, `isr`,
 * `signalled`), `status` and `features` (`value`), `command` (a request of the host: `name`, `result`), `ack`
 * (`value`, `effect`), `sample` (the host's clock as a read latched it: `us`), `timer` (`name`, `event`,
 * `ms`), `kill` (`reason`, `outcome`) and `console` (`line`).
 */
export type TraceKind = keyof Shapes;

type Shape<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>>;

type Flat<T> = { [Key in keyof T]: T[Key] };

/** An event as a layer reports it. */
export type TraceData<Kind extends TraceKind = TraceKind> = Kind extends TraceKind
  ? Flat<{ readonly kind: Kind } & Readonly<Shape<Shapes[Kind]>>>
  : never;

/** An event of a trace: `seq` counts from 0, `at` is in microseconds since the trace began. */
export type TraceEvent<Kind extends TraceKind = TraceKind> = Kind extends TraceKind
  ? Flat<TraceData<Kind> & { readonly seq: number; readonly at: number }>
  : never;

export const isTraceKind = (kind: string): kind is TraceKind => Object.hasOwn(fields, kind);

export const traceKinds = Object.keys(fields).filter(isTraceKind);

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const schemas = Object.fromEntries(
  Object.entries(fields).map(([kind, entries]) => [
    kind,
    v.object({ seq: natural, at: natural, kind: v.literal(kind), ...entries }),
  ]),
);

const anyKind = v.object({ kind: v.string() });

/** Parses a line of a trace file; `undefined` if it is cut short or not an event. */
export const parseTraceLine = (line: string): TraceEvent | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const kind = v.safeParse(anyKind, value);
  const schema = kind.success && isTraceKind(kind.output.kind) ? schemas[kind.output.kind] : undefined;
  const result = schema && v.safeParse(schema, value);
  // The schema was selected by the kind, so its output has the shape of the kind.
  return result?.success ? (result.output as TraceEvent) : undefined;
};
