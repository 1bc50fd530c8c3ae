// Rounds of accesses, each kind in each round, so that what disturbs the machine disturbs all of them.

import { join } from 'node:path';
import { privateDirectory } from '../socket/private-directory.js';
import { type BenchProcess, startBenchProcess } from './bench-process.js';
import { type Kind, kinds } from './kinds.js';
import type { Order, Timing, Usage } from './messages.js';

/** One kind in one round. */
export interface Sample extends Timing {
  /** Of the process with the servers, for each access, in µs. */
  readonly cpuUs: number;
  /** Of the process with the servers, in bytes, after the round. */
  readonly rss: number;
}

/** What was measured with so many clients at once: by kind, a sample a round. */
export interface Series {
  readonly clients: number;
  readonly samples: Readonly<Record<Kind, readonly Sample[]>>;
}

export interface MeasureOptions {
  readonly clients: number;
  readonly rounds: number;
  /** Of each kind in each round, by all clients together. */
  readonly accesses: number;
  /** Where the processes leave CPU profiles, if they shall. */
  readonly profile?: string | undefined;
}

const order = <T>(client: BenchProcess, order: Order): Promise<T> => client.ask<T>(order);

const sample = async (
  kind: Kind,
  client: BenchProcess,
  server: BenchProcess,
  accesses: number,
): Promise<Sample> => {
  const before = await server.ask<Usage>('usage');
  const timing = await order<Timing>(client, { order: 'run', kind, accesses });
  const after = await server.ask<Usage>('usage');
  return { ...timing, cpuUs: (after.cpuUs - before.cpuUs) / accesses, rss: after.rss };
};

/** The first round is not kept: code is compiled in it. */
export const measure = async ({ clients, rounds, accesses, profile }: MeasureOptions): Promise<Series> => {
  const directory = privateDirectory();
  const processes: BenchProcess[] = [];
  const start = (...args: Parameters<typeof startBenchProcess>): BenchProcess => {
    const benchProcess = startBenchProcess(...args);
    processes.push(benchProcess);
    return benchProcess;
  };
  const samples: Record<Kind, Sample[]> = { echo: [], 'one-hop': [], 'both-hops': [] };
  try {
    const client = start('client-process.js', [], { profile });
    const servers = new Map<Kind, BenchProcess>();
    for (const kind of kinds) {
      const server = start('server-process.js', [kind, String(clients), join(directory.path, kind)], {
        profile,
      });
      servers.set(kind, server);
      await order(client, { order: 'connect', kind, sockets: await server.hear<string[]>() });
    }
    for (let round = 0; round <= rounds; round++)
      for (const [kind, server] of servers) {
        const taken = await sample(kind, client, server, accesses);
        if (round > 0) samples[kind].push(taken);
      }
    return { clients, samples };
  } finally {
    for (const benchProcess of processes) await benchProcess.stop();
    directory.remove();
  }
};
