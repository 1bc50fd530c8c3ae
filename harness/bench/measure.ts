// Measures all kinds of servers in each round, so that a disturbance of the machine affects all of them.

import { join } from 'node:path';
import * as v from 'valibot';
import { privateDirectory } from '../socket/private-directory.js';
import { type BenchProcess, startBenchProcess } from './bench-process.js';
import { type Kind, kinds } from './kinds.js';
import { type Order, socketsSchema, type Timing, timingSchema, usageSchema } from './messages.js';

/** The figures of one kind in one round. */
export interface Sample extends Timing {
  /** CPU time of the server process for each access, in µs. */
  readonly cpuUs: number;
  /** Resident memory of the server process after the round, in bytes. */
  readonly rss: number;
}

/** The samples for one number of clients: for each kind, one per round. */
export interface Series {
  readonly clients: number;
  readonly samples: Readonly<Record<Kind, readonly Sample[]>>;
}

export interface MeasureOptions {
  readonly clients: number;
  readonly rounds: number;
  /** Accesses by all clients together, for each kind in each round. */
  readonly accesses: number;
  /** The directory for CPU profiles of the processes, if they are wanted. */
  readonly profile?: string | undefined;
  /** Kills all processes. */
  readonly signal?: AbortSignal | undefined;
}

const sample = async (
  kind: Kind,
  client: BenchProcess,
  server: BenchProcess,
  accesses: number,
): Promise<Sample> => {
  const before = await server.ask('usage', usageSchema);
  const run: Order = { order: 'run', kind, accesses };
  const timing = await client.ask(run, timingSchema);
  const after = await server.ask('usage', usageSchema);
  return { ...timing, cpuUs: (after.cpuUs - before.cpuUs) / accesses, rss: after.rss };
};

/** The first round is discarded, because code is compiled in it. Rejects after `signal`. */
export const measure = async ({
  clients,
  rounds,
  accesses,
  profile,
  signal,
}: MeasureOptions): Promise<Series> => {
  signal?.throwIfAborted();
  const directory = privateDirectory();
  const processes: BenchProcess[] = [];
  const killAll = (): void => processes.forEach(({ kill }) => void kill());
  signal?.addEventListener('abort', killAll);
  const start = (...args: Parameters<typeof startBenchProcess>): BenchProcess => {
    signal?.throwIfAborted();
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
      const connect: Order = { order: 'connect', kind, sockets: await server.hear(socketsSchema) };
      await client.ask(connect, v.null());
    }
    for (let round = 0; round <= rounds; round++)
      for (const [kind, server] of servers) {
        const taken = await sample(kind, client, server, accesses);
        if (round > 0) samples[kind].push(taken);
      }
    return { clients, samples };
  } finally {
    for (const benchProcess of processes) await benchProcess.stop();
    signal?.removeEventListener('abort', killAll);
    directory.remove();
  }
};
