// What is measured: the same access to ever more of the device side.

/**
 * `echo`: sockets of ours and nothing else, the yardstick. `one-hop`: the vfio-user server with the device in
 * process. `both-hops`: the vfio-user server, a vhost-user connection, the back-end: what `vmmci function`
 * runs.
 */
export const kinds = ['echo', 'one-hop', 'both-hops'] as const;

export type Kind = (typeof kinds)[number];

export const isKind = (value: unknown): value is Kind => kinds.some((kind) => kind === value);

/** Bytes of a REGION_READ and of what echo reads and writes. */
export const REQUEST_SIZE = 32;

/** Bytes of the reply for a register of 32 bits, by kind. */
export const replySize: Readonly<Record<Kind, number>> = {
  echo: REQUEST_SIZE,
  'one-hop': 36,
  'both-hops': 36,
};
