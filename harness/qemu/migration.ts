// Saving a stopped machine and loading it into a fresh QEMU. Its memory is a file that the machine had from the start, and that any
// number of others map: each reads what it needs of it and keeps what it writes to itself, so nothing is copied before a guest goes
// on. The state of the devices is what QEMU migrates (to a file, mapped-ram, without the memory that is shared).

import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import type { MachineDescription } from './argv.js';
import type { Machine } from './process.js';
import type { Qmp } from './qmp.js';

/** Milliseconds. Half a second is usual; a machine under load takes longer, a broken file fails at once. */
const limit = 60_000;

const prepare = (qmp: Qmp): Promise<unknown> =>
  qmp.execute('migrate-set-capabilities', {
    capabilities: ['mapped-ram', 'x-ignore-shared', 'events'].map((capability) => ({
      capability,
      state: true,
    })),
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
    const reason = messageOf(error);
    throw fail([reason, machine.stderr()].filter(Boolean).join('; '), error);
  }
};

const memoryFile = (directory: string): string => join(directory, 'ram');
const bootedFile = (directory: string): string => join(directory, 'booted');
const stateFile = (directory: string): string => join(directory, 'state');

/** The machine with an empty file in `directory` as its memory: to be booted, and saved there. */
export const toBeSaved = async (
  machine: MachineDescription,
  directory: string,
): Promise<MachineDescription> => {
  const path = bootedFile(directory);
  const file = await open(path, 'wx', 0o600);
  await file.truncate(machine.memory * 2 ** 20);
  await file.close();
  return { ...machine, memoryFile: { path, use: 'written' } };
};

/** The machine that `loadMachine` fills from `directory`. */
export const toBeLoaded = (machine: MachineDescription, directory: string): MachineDescription => ({
  ...machine,
  incoming: true,
  memoryFile: { path: memoryFile(directory), use: 'copied' },
});

/** Stops the CPU and writes the rest of a machine `toBeSaved` into that directory, which QEMU must see. The machine is of no more use: kill it. SNAPSHOT. */
export const saveMachine = async (machine: Machine, directory: string): Promise<void> => {
  await machine.qmp.execute('stop');
  await run(machine, 'save', stateFile(directory));
  // Half of what a guest has ever touched is zero.
  await execa('cp', ['--sparse=always', '--', bootedFile(directory), memoryFile(directory)]);
  await rm(bootedFile(directory));
};

/** Fills a machine `toBeLoaded` from that directory. Its CPU stands still until `cont`. SNAPSHOT. */
export const loadMachine = (machine: Machine, directory: string): Promise<void> =>
  run(machine, 'load', stateFile(directory));
