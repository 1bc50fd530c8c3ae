// The vhost-user requests that this project supports. Messages are checked against these rows.

import type { ProtocolFeature } from './features.js';

/**
 * `u64`: 8 bytes. `ring`: index and number, 4 bytes each. `address`: a vring address, 40 bytes. `memory`: a
 * table of regions.
 */
export type Payload = 'none' | 'u64' | 'ring' | 'address' | 'config' | 'memory';

export interface Request {
  readonly id: number;
  readonly payload: Payload;
  /**
   * The descriptors that the message may carry. `by-index`: bit 8 of the payload says whether there is one.
   */
  readonly fds: 'none' | 'one' | 'regions' | 'by-index';
  readonly reply?: Payload;
  /** The protocol feature that must be negotiated first. */
  readonly needs?: ProtocolFeature;
}

export const requests = {
  GET_FEATURES: { id: 1, payload: 'none', fds: 'none', reply: 'u64' },
  SET_FEATURES: { id: 2, payload: 'u64', fds: 'none' },
  SET_OWNER: { id: 3, payload: 'none', fds: 'none' },
  RESET_OWNER: { id: 4, payload: 'none', fds: 'none' },
  SET_MEM_TABLE: { id: 5, payload: 'memory', fds: 'regions' },
  SET_VRING_NUM: { id: 8, payload: 'ring', fds: 'none' },
  SET_VRING_ADDR: { id: 9, payload: 'address', fds: 'none' },
  SET_VRING_BASE: { id: 10, payload: 'ring', fds: 'none' },
  GET_VRING_BASE: { id: 11, payload: 'ring', fds: 'none', reply: 'ring' },
  SET_VRING_KICK: { id: 12, payload: 'u64', fds: 'by-index' },
  SET_VRING_CALL: { id: 13, payload: 'u64', fds: 'by-index' },
  SET_VRING_ERR: { id: 14, payload: 'u64', fds: 'by-index' },
  GET_PROTOCOL_FEATURES: { id: 15, payload: 'none', fds: 'none', reply: 'u64' },
  SET_PROTOCOL_FEATURES: { id: 16, payload: 'u64', fds: 'none' },
  GET_QUEUE_NUM: { id: 17, payload: 'none', fds: 'none', reply: 'u64', needs: 'MQ' },
  SET_VRING_ENABLE: { id: 18, payload: 'ring', fds: 'none' },
  SET_BACKEND_REQ_FD: { id: 21, payload: 'none', fds: 'one', needs: 'BACKEND_REQ' },
  GET_CONFIG: { id: 24, payload: 'config', fds: 'none', reply: 'config', needs: 'CONFIG' },
  SET_CONFIG: { id: 25, payload: 'config', fds: 'none', needs: 'CONFIG' },
  RESET_DEVICE: { id: 34, payload: 'none', fds: 'none', needs: 'RESET_DEVICE' },
  SET_STATUS: { id: 39, payload: 'u64', fds: 'none', needs: 'STATUS' },
  GET_STATUS: { id: 40, payload: 'none', fds: 'none', reply: 'u64', needs: 'STATUS' },
} as const satisfies Record<string, Request>;

export type RequestName = keyof typeof requests;

const byId: ReadonlyMap<number, RequestName> = new Map(
  Object.entries(requests).map(([name, { id }]) => [id, name as RequestName]),
);

export const requestName = (id: number): RequestName | undefined => byId.get(id);

/** The only request that a backend makes, on its own channel: the config area has changed. */
export const CONFIG_CHANGE_MSG = 2;
