// What a protocol session asks before it handles a message, and what it is told to do with it.

/** One message, as much of it as a fault can be aimed at. */
export interface MessageView {
  protocol: 'vfio-user' | 'vhost-user';
  /** The command's name in the protocol's specification, such as `REGION_READ` or `GET_CONFIG`. */
  command: string;
  /**
   * Of a register access: region, offset in it and width in bytes. For vhost-user the offset in the config
   * area.
   */
  region?: number;
  offset?: number;
  width?: number;
}

/** What becomes of the message instead of being answered as usual. */
export type Outcome =
  /** Handled, but never answered. */
  | { kind: 'drop' }
  /** Not handled; an error reply with this errno, or an empty reply where the protocol has no errors. */
  | { kind: 'error'; errno: number }
  /** Handled, but only so many bytes of data in the reply. */
  | { kind: 'short'; bytes: number }
  /** Not handled; the connection is closed. */
  | { kind: 'disconnect' }
  /** Handled, but the data in the reply is all ones. */
  | { kind: 'ones' }
  /** Handled, but the data in the reply is this value, little-endian, cut or zero-extended to the width. */
  | { kind: 'value'; value: number };

export interface Action {
  /** Wait so long before anything else. */
  delayMs: number;
  /** `undefined`: as usual. */
  outcome: Outcome | undefined;
  /** Why QEMU may not outlive this action, `undefined` where it does. For the trace and the verdict. */
  takesQemuDown: string | undefined;
}

/**
 * Called once a message, in the order of arrival, before it is handled. `undefined`: nothing happens to it.
 */
export interface FaultHook {
  before(message: MessageView): Action | undefined;
}

export const noFaults: FaultHook = { before: () => undefined };
