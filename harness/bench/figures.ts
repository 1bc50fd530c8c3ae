// Computes the figures of the benchmark from the rounds.

import type { GuestSeries } from './guest.js';
import { type Kind, kinds } from './kinds.js';
import type { Sample, Series } from './measure.js';
import { median, ratio } from './statistics.js';

/** One row of the result. A ratio is a cost: 2 means twice the time or memory, or half the throughput. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  /** Medians over the rounds. */
  readonly values: Readonly<Record<Kind, number>>;
  /** Ratios to the echo server in the same rounds. */
  readonly ratios: Readonly<Record<Kind, number>>;
}

const byKind = <T>(of: (kind: Kind) => T): Record<Kind, T> =>
  Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as Record<Kind, T>;

interface Column {
  readonly what: string;
  readonly unit: string;
  readonly value: (sample: Sample) => number;
  readonly more?: 'better';
  /** The numbers of clients that the figure is shown for. */
  readonly clients?: number;
}

const MiB = 2 ** 20;

const columns: readonly Column[] = [
  { what: 'register read', unit: 'µs', value: ({ accessUs }) => accessUs, clients: 1 },
  { what: 'requests', unit: '/s', value: ({ perSecond }) => perSecond, more: 'better' },
  { what: 'Node CPU per read', unit: 'µs', value: ({ cpuUs }) => cpuUs },
  { what: 'Node memory', unit: 'MiB', value: ({ rss }) => rss / MiB },
];

const figure = (
  what: string,
  unit: string,
  rounds: Record<Kind, readonly number[]>,
  more = false,
): Figure => ({
  what,
  unit,
  values: byKind((kind) => median(rounds[kind])),
  ratios: byKind((kind) => (more ? ratio(rounds.echo, rounds[kind]) : ratio(rounds[kind], rounds.echo))),
});

const clientsOf = (count: number): string => `${count} ${count === 1 ? 'client' : 'clients'}`;

/** The rows for one number of clients. */
export const figuresOf = ({ clients, samples }: Series): Figure[] =>
  columns
    .filter((column) => column.clients === undefined || column.clients === clients)
    .map(({ what, unit, value, more }) =>
      figure(
        `${what}, ${clientsOf(clients)}`,
        unit,
        byKind((kind) => samples[kind].map(value)),
        more !== undefined,
      ),
    );

/** The row for the guest. Its baseline is measured on the host, not in the guest. */
export const guestFigure = ({ kernel, accelerator, echo, oneHop, bothHops }: GuestSeries): Figure =>
  figure(`guest's port read, Linux ${kernel}, ${accelerator}`, 'µs', {
    echo,
    'one-hop': oneHop,
    'both-hops': bothHops,
  });
