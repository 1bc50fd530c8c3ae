// The kinds of servers. Each kind adds a part of the device side to the same access.

/**
 * `echo` is the baseline: a socket and nothing else. `one-hop` is the vfio-user server with the device in the
 * same process. `both-hops` is the vfio-user server, a vhost-user connection and the backend, as `vmmci
 * function` runs them.
 */
export const kinds = ['echo', 'one-hop', 'both-hops'] as const;

export type Kind = (typeof kinds)[number];

export const isKind = (value: unknown): value is Kind => kinds.some((kind) => kind === value);

/** Size in bytes of a REGION_READ request, and of a message to the echo server. */
export const REQUEST_SIZE = 32;

/** Size in bytes of the reply for a 32-bit register. */
export const replySize: Readonly<Record<Kind, number>> = {
  echo: REQUEST_SIZE,
  'one-hop': 36,
  'both-hops': 36,
};
