// A fault as data: what happens, and to which messages. It is JSON, so that scenarios, files and the control
// socket can express it.

/** What happens. `kind` selects the effect, the other fields are its parameters. */
export type Effect =
  /** The answer is delayed by `ms` milliseconds. */
  | { kind: 'delay'; ms: number }
  /** The message is handled, but not answered. */
  | { kind: 'drop' }
  /** An error reply with this errno (vfio-user), an empty one (vhost-user); the message is not handled. */
  | { kind: 'error'; errno: number }
  /** The reply has only `bytes` bytes of data. */
  | { kind: 'short'; bytes: number }
  /** The connection is closed instead of an answer. */
  | { kind: 'disconnect' }
  /** The data is replaced by ones. */
  | { kind: 'ones' }
  /** The data is replaced by this value, little-endian. */
  | { kind: 'value'; value: number }
  /**
   * The device clock steps by `us` microseconds before the message is handled. With a fault on the read of
   * the microseconds, it steps between the two halves of a time.
   */
  | { kind: 'clock-jump'; us: number };

/** Selects messages. A field that is left out matches every message. */
export interface When {
  /** vfio-user is between QEMU and the function, vhost-user between the function and the backend. */
  protocol?: 'vfio-user' | 'vhost-user';
  /** The name in the specification of the protocol. */
  command?: string;
  /** The vfio-user region: 0 is BAR0, 7 the configuration space. */
  region?: number;
  /** In bytes, from the start of the region or of the config area. */
  offset?: number;
  /** Of the access, in bytes. */
  width?: number;
  /** The first matching message that is affected, counted from 1 (default: 1). */
  from?: number;
  /** The number of matching messages that are affected from there on (default: all). */
  times?: number;
  /** The probability with which each of those is affected, from 0 to 1; the seed of the plan decides. */
  probability?: number;
}

export type Fault = Effect & { when?: When };

/** A set of faults. With the same seed and the same messages, the same messages are affected. */
export interface FaultPlan {
  seed?: number;
  faults: readonly Fault[];
}
