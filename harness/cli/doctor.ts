// `vmmci doctor`: checks whether this host can run guests, and says how to fix each problem.

import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageManifest } from '../../images/asset.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { checkHost, checkNamespaces, checkRunPrograms } from '../../images/toolroot/host.js';
import { toolRootPath } from '../../images/toolroot/manifest.js';
import { cacheDirectory } from '../base/cache/directory.js';
import { HarnessError } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { messageOf } from '../base/thrown.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { probeAccelerator } from '../qemu/accelerator.js';
import { findQemu } from '../qemu/find.js';
import { snapshotLimit } from '../qemu/snapshot-limit.js';
import { columns } from '../report/table.js';
import { defineCommand } from './define-command.js';
import { print } from './print.js';
import { statusOf } from './report-error.js';

/** Resolves with what was found. Rejects with an error whose message says how to fix the problem. */
type Check = () => Promise<string>;

/** With less free space, in bytes, even a run with a warm cache may fail. */
const minFreeBytes = 1e9;

const wrong = (what: string, next: string): HarnessError => new HarnessError('DOCTOR', { what, next });

const freeIn = async (path: string, variable: string): Promise<string> => {
  const { bavail, bsize } = await statfs(path);
  const text = `${path}, ${((bavail * bsize) / 1e9).toFixed(1)} GB free`;
  if (bavail * bsize < minFreeBytes)
    throw wrong(text, `free some space, or set ${variable} to a directory on a larger disk`);
  return text;
};

/** Programs of the tool root must be able to run from the cache. */
const requirePrograms = async (directory: string): Promise<void> => {
  const own = await mkdtemp(join(directory, '.doctor-'));
  try {
    const program = join(own, 'program');
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o700);
    const { failed } = await execa(program, { reject: false });
    if (failed)
      throw wrong(
        `${directory} does not let programs run`,
        'set XDG_CACHE_HOME to a file system without noexec',
      );
  } finally {
    await rm(own, { recursive: true });
  }
};

const hasToolRoot = (): boolean => existsSync(toolRootPath());

const requireHostPrograms = (): Promise<void> => (hasToolRoot() ? checkRunPrograms() : checkHost());

const qemu = async () => findQemu({ root: await ensureToolRoot() });

/** A check that needs the tool root. */
const withToolRoot =
  (check: Check): Check =>
  async () =>
    hasToolRoot() ? check() : 'unknown until vmmci setup has built the tool root';

const checks: Readonly<Record<string, Check>> = {
  Node: async () => `${process.version} (needed: ${packageManifest().engines.node})`,
  cache: async () => {
    const text = await freeIn(cacheDirectory(), 'XDG_CACHE_HOME');
    await requirePrograms(cacheDirectory());
    return text;
  },
  programs: async () => {
    await requireHostPrograms();
    return 'all found';
  },
  namespaces: async () => {
    // Without its program, the check would blame the namespaces.
    await requireHostPrograms();
    await checkNamespaces();
    return 'allowed';
  },
  'snapshot limit': async () => `${snapshotLimit() / 2 ** 20} MiB`,
  'temporary files': async () => {
    const directory = temporaryDirectory();
    try {
      return await freeIn(join(directory.path, '..'), 'TMPDIR');
    } finally {
      directory.remove();
    }
  },
  'tool root': async () => (hasToolRoot() ? 'in the cache' : 'not built yet: run vmmci setup'),
  QEMU: withToolRoot(async () => (await qemu()).version),
  accelerator: withToolRoot(async () => {
    const { name, reason } = await probeAccelerator(await qemu());
    const joinGroup = 'sudo usermod --append --groups kvm "$USER", then log in again';
    return `${name} (${reason})${reason.endsWith('EACCES') ? `; to use KVM: ${joinGroup}` : ''}`;
  }),
  'parallel guests': async () => {
    const { freeMiB } = resources();
    const text = `${defaultJobs(resources())}, from ${availableParallelism()} CPUs and ${Math.round(freeMiB)} MiB of free memory`;
    if (freeMiB < 400) throw wrong(text, 'free some memory: a guest needs 400 MiB');
    return text;
  },
};

/**
 * Exit status: 0 if all checks passed, otherwise 3. A problem that several checks meet is reported by the
 * first of them only.
 */
const run = async (): Promise<number> => {
  const rows: string[][] = [];
  const reporters = new Map<string, string>();
  let status = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      rows.push(['ok', name, await check()]);
    } catch (error) {
      status = statusOf.broken;
      const message = messageOf(error);
      const reporter = reporters.get(message);
      reporters.set(message, reporter ?? name);
      rows.push(
        reporter === undefined ? ['WRONG', name, message] : ['-', name, `unknown: fails as ${reporter} does`],
      );
    }
  }
  print(columns(rows));
  return status;
};

export const command = defineCommand({ options: {}, run });
