// The interface between protocol sessions and faults: what a session reports before it handles a message, and
// what it must do.

/** The properties of a message that a fault can select. */
export interface MessageView {
  protocol: 'vfio-user' | 'vhost-user';
  /** The command's name in the protocol's specification, such as `REGION_READ` or `GET_CONFIG`. */
  command: string;
  /**
   * Only of a register access: region, offset in it, and width in bytes. For vhost-user the offset is within
   * the config area.
   */
  region?: number;
  offset?: number;
  width?: number;
}

/** What happens instead of the usual handling and answer. */
export type Outcome =
  /** Handled, but not answered. */
  | { kind: 'drop' }
  /** Not handled; an error reply with this errno, or an empty reply where the protocol has no errors. */
  | { kind: 'error'; errno: number }
  /** Handled, but the reply has only `bytes` bytes of data. */
  | { kind: 'short'; bytes: number }
  /** Not handled; the connection is closed. */
  | { kind: 'disconnect' }
  /** Handled, but the data in the reply is all ones. */
  | { kind: 'ones' }
  /**
   * Handled, but the data in the reply is this value, little-endian, truncated or zero-extended to the width.
   */
  | { kind: 'value'; value: number };

export interface Action {
  /** Milliseconds to wait first. */
  delayMs: number;
  /** `undefined`: the message is handled and answered as usual. */
  outcome: Outcome | undefined;
  /** Why QEMU may not survive this action; `undefined` if it does. For the trace and the verdict. */
  takesQemuDown: string | undefined;
}

/**
 * Called once per message, in the order of arrival, before it is handled. `undefined`: no fault affects the
 * message.
 */
export interface FaultHook {
  before(message: MessageView): Action | undefined;
}

export const noFaults: FaultHook = { before: () => undefined };
