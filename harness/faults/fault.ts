// One fault as data: what happens, and to which messages. The form is JSON, so that a scenario, a file and
// the control socket can all say it.

/** What happens. `kind` is the word, the rest its measure. */
export type Effect =
  /** The answer comes later. */
  | { kind: 'delay'; ms: number }
  /** The message is handled and never answered. */
  | { kind: 'drop' }
  /** An error reply with this errno (vfio-user), an empty one (vhost-user); the message is not handled. */
  | { kind: 'error'; errno: number }
  /** A reply with fewer bytes of data. */
  | { kind: 'short'; bytes: number }
  /** The connection ends instead of an answer. */
  | { kind: 'disconnect' }
  /** All ones in place of the data. */
  | { kind: 'ones' }
  /** This value in place of the data, little-endian. */
  | { kind: 'value'; value: number }
  /**
   * The device clock steps before the message is handled: aimed at the second half of a time, it jumps in
   * between.
   */
  | { kind: 'clock-jump'; us: number };

/** Which messages. Everything left out matches everything. */
export interface When {
  protocol?: 'vfio-user' | 'vhost-user';
  /** As the protocol's specification names it. */
  command?: string;
  region?: number;
  offset?: number;
  width?: number;
  /** The first of the matching messages that is hit, counted from 1 (the default). */
  from?: number;
  /** How many matching messages are hit from there on; all when left out. */
  times?: number;
  /** The chance of each of those to be hit after all, 0 to 1; decided by the plan's seed. */
  probability?: number;
}

export type Fault = Effect & { when?: When };

/** A set of faults. The same seed and the same messages meet the same fate. */
export interface FaultPlan {
  seed?: number;
  faults: readonly Fault[];
}

export const effectKinds = [
  'delay',
  'drop',
  'error',
  'short',
  'disconnect',
  'ones',
  'value',
  'clock-jump',
] as const satisfies readonly Effect['kind'][];
