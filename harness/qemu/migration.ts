// Saving a stopped machine to a file and loading it into a fresh QEMU, with RAM at fixed places in the file (mapped-ram):
// sparse, and loaded in a tenth of a second.

import { HarnessError } from '../errors.js';
import type { Machine } from './process.js';
import type { Qmp } from './qmp.js';

/** Milliseconds. Half a second is usual; a machine under load takes longer, a broken file fails at once. */
const limit = 60_000;

const prepare = (qmp: Qmp): Promise<unknown> =>
  qmp.execute('migrate-set-capabilities', {
    capabilities: ['mapped-ram', 'events'].map((capability) => ({ capability, state: true })),
  });

// Structured, because the URI form has characters that a path may have too.
const channels = (path: string) => [
  { 'channel-type': 'main', addr: { transport: 'file', filename: path, offset: 0 } },
];

const run = async (machine: Machine, step: 'save' | 'load', path: string): Promise<void> => {
  const { qmp } = machine;
  const fail = (reason: string, cause?: unknown): HarnessError =>
    new HarnessError('SNAPSHOT', { path, step, reason }, cause);
  try {
    await prepare(qmp);
    const over = qmp.waitEvent('MIGRATION', {
      ms: limit,
      accept: ({ status }) => status === 'completed' || status === 'failed' || status === 'cancelled',
    });
    // Whatever else goes wrong below is reported below.
    over.catch(() => {});
    await qmp.execute(step === 'save' ? 'migrate' : 'migrate-incoming', { channels: channels(path) });
    const { data } = await over;
    if (data.status === 'completed') return;
    const { 'error-desc': reason } = await qmp.execute<{ 'error-desc'?: string }>('query-migrate');
    throw fail(reason ?? `it ended as ${data.status}`);
  } catch (error) {
    if (error instanceof HarnessError && error.code === 'SNAPSHOT') throw error;
    // QEMU ends at once when it cannot load: what it said last is the reason.
    const reason = error instanceof Error ? error.message : String(error);
    throw fail([reason, machine.stderr()].filter(Boolean).join('; '), error);
  }
};

/** Stops the CPU and writes the machine to `path`, which QEMU must see. The machine is of no more use: kill it. SNAPSHOT. */
export const saveMachine = async (machine: Machine, path: string): Promise<void> => {
  await machine.qmp.execute('stop');
  await run(machine, 'save', path);
};

/** Fills a machine that was started with `incoming` from `path`. Its CPU stands still until `cont`. SNAPSHOT. */
export const loadMachine = (machine: Machine, path: string): Promise<void> => run(machine, 'load', path);
