// Saves a stopped machine and loads it into a new QEMU. The memory is a file that restored machines map
// privately, so a guest resumes before anything is copied. QEMU migrates only the device state (to a file,
// mapped-ram, without shared memory).

import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import type { MachineDescription } from './argv.js';
import type { Machine } from './process.js';
import type { Qmp } from './qmp.js';

/** In milliseconds. It usually takes half a second, and longer under load. A damaged file fails at once. */
const timeout = 60_000;

const prepare = (qmp: Qmp): Promise<unknown> =>
  qmp.execute('migrate-set-capabilities', {
    capabilities: ['mapped-ram', 'x-ignore-shared', 'events'].map((capability) => ({
      capability,
      state: true,
    })),
  });

// Structured, because a path may contain characters that are special in the URI form.
const channels = (path: string) => [
  { 'channel-type': 'main', addr: { transport: 'file', filename: path, offset: 0 } },
];

/** The reason for a failure in the result of query-migrate (qapi/migration.json). */
const migrationSchema = v.object({ 'error-desc': v.optional(v.string()) });

const run = async (machine: Machine, step: 'save' | 'load', path: string): Promise<void> => {
  const { qmp } = machine;
  const fail = (reason: string, cause?: unknown): HarnessError =>
    new HarnessError('SNAPSHOT', { path, step, reason }, cause);
  try {
    await prepare(qmp);
    const ended = qmp.waitEvent('MIGRATION', {
      ms: timeout,
      accept: ({ status }) => status === 'completed' || status === 'failed' || status === 'cancelled',
    });
    // A failure of the commands below is reported first; without this handler, the rejection of `ended` would
    // be unhandled.
    ended.catch(() => {});
    await qmp.execute(step === 'save' ? 'migrate' : 'migrate-incoming', { channels: channels(path) });
    const { data } = await ended;
    if (data.status === 'completed') return;
    const { 'error-desc': reason } = await qmp.query(migrationSchema, 'query-migrate');
    throw fail(reason ?? `the migration ended with status ${data.status}`);
  } catch (error) {
    if (error instanceof HarnessError && error.code === 'SNAPSHOT') throw error;
    // QEMU exits at once if it cannot load the state, so the reason is at the end of its standard error.
    const reason = messageOf(error);
    throw fail([reason, machine.stderr()].filter(Boolean).join('; '), error);
  }
};

const memoryFile = (directory: string): string => join(directory, 'ram');
const bootedFile = (directory: string): string => join(directory, 'booted');
const stateFile = (directory: string): string => join(directory, 'state');

/** The machine with a new, empty file in `directory` as its memory: boot it, then call `saveMachine`. */
export const prepareSave = async (
  machine: MachineDescription,
  directory: string,
): Promise<MachineDescription> => {
  const path = bootedFile(directory);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.truncate(machine.memory * 2 ** 20);
  } finally {
    await file.close();
  }
  return { ...machine, memoryFile: { path, mapping: 'shared' } };
};

/** The machine that waits for `loadMachine` with the state in `directory`. */
export const prepareLoad = (machine: MachineDescription, directory: string): MachineDescription => ({
  ...machine,
  incoming: true,
  memoryFile: { path: memoryFile(directory), mapping: 'private' },
});

/**
 * Stops the CPU and writes the rest of a machine from `prepareSave` to the same directory, which QEMU must be
 * able to see. Kill the machine afterwards: it cannot continue. Rejects with SNAPSHOT.
 */
export const saveMachine = async (machine: Machine, directory: string): Promise<void> => {
  await machine.qmp.execute('stop');
  await run(machine, 'save', stateFile(directory));
  // About half of the pages that a guest has touched are zero.
  await execa('cp', ['--sparse=always', '--', bootedFile(directory), memoryFile(directory)]);
  await rm(bootedFile(directory));
};

/**
 * Loads the state in `directory` into a machine from `prepareLoad`. Its CPU is stopped until `cont`. Rejects
 * with SNAPSHOT.
 */
export const loadMachine = (machine: Machine, directory: string): Promise<void> =>
  run(machine, 'load', stateFile(directory));
