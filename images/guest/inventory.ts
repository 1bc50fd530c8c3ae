// Lists the files of the initramfs and their sources. All except the harness's own files come from the tool
// root, or for a 32-bit guest from 32-bit packages.

import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { asset } from '../asset.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { librariesOf } from './libraries.js';
import type { Entry } from './newc.js';
import type { Userland } from './userland.js';

/** Directories that init mounts file systems on, or that programs expect. */
const directories = ['dev', 'proc', 'sys', 'run', 'tmp', 'mnt', 'root', 'etc/modprobe.d', 'var/tmp'];

/** Names of busybox that would hide the guest program's commands, or that another kind of init needs. */
const excludedApplets = new Set([
  'sbin/reboot',
  'sbin/poweroff',
  'sbin/halt',
  'sbin/init',
  'linuxrc',
  'bin/busybox',
]);

/** Dynamically linked programs, copied with their libraries. */
const programs = ['usr/bin/lspci'];

/** The names of vendors, devices and classes for lspci. */
const data = ['usr/share/misc/pci.ids'];

const busybox = 'usr/bin/busybox';

/**
 * Reads a file of a root file system. Its symbolic links are resolved inside that root, because an absolute
 * link would lead outside.
 */
export const fileFromRoot = async (
  root: Pick<ToolRoot, 'path'>,
  path: string,
  guestPath = path,
  executable = false,
): Promise<Entry> => {
  const host = await realpath(join(root.path, path)).catch((cause: unknown) => {
    throw new HarnessError('GUEST_BUILD', { reason: `${root.path} does not have ${path}` }, cause);
  });
  return { path: guestPath, type: 'file', content: await readFile(host), executable };
};

/**
 * Links for the commands of busybox. The tool root's own busybox lists them, because one of another
 * architecture may not run here.
 */
const applets = async (root: ToolRoot): Promise<Entry[]> => {
  const { stdout } = await runInToolRoot(root, ['busybox', '--list-full']);
  return stdout
    .split('\n')
    .filter((path) => path !== '' && !excludedApplets.has(path))
    .map((path) => ({ path, type: 'symlink', target: '/bin/busybox' }));
};

const withLibraries = async (root: ToolRoot, userland: Userland, program: string): Promise<Entry[]> => {
  const libraries = await librariesOf(root, userland, program);
  return Promise.all([
    fileFromRoot(userland, program, program, true),
    ...libraries.map((path) => fileFromRoot(userland, `usr/${path}`, path, true)),
  ]);
};

/** Commands of the guest program. Each is a link to it in the same directory. */
const commands = {
  /** For every guest. */
  tools: [
    'agent',
    'clock-steps',
    'guest-clock',
    'holdings',
    'kernel-log',
    'load',
    'log-lines',
    'memory-trace',
    'payload',
    'ptp',
    'read-files',
    'terminal',
    'unload',
    'write-file',
    'writer',
  ],
  /** For a guest without an init system. */
  system: ['power-requests', 'poweroff', 'reboot', 'uevents'],
} as const;

const programName = 'vmmci-guest';

/** The source files of the guest program. */
export const programSources = async (): Promise<string[]> => {
  const names = await readdir(asset('guest'));
  return names
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => asset('guest', name));
};

/** Compiles the guest program in the tool root, for the architecture of the userland. */
export const compileProgram = async (root: ToolRoot, userland: Userland): Promise<Buffer> => {
  const { compiler, libraries, binds } = userland;
  const flags = ['-static', '-Os', '-s', '-D_GNU_SOURCE', '-Wl,--build-id=none'];
  const script = '"$@" -o /tmp/program && cat /tmp/program';
  const sources = (await programSources()).filter((path) => path.endsWith('.c'));
  const command = [...compiler, ...flags, ...sources, ...libraries];
  const { stdout } = await runInToolRoot(root, ['sh', '-c', script, 'sh', ...command], {
    binds: [{ path: asset('guest') }, ...binds],
    host: { encoding: 'buffer' },
  });
  return Buffer.from(stdout);
};

/** The guest program in `directory`, with links for its commands of these kinds. */
export const guestProgram = async (
  root: ToolRoot,
  userland: Userland,
  directory: string,
  kinds: readonly (keyof typeof commands)[],
): Promise<Entry[]> => [
  {
    path: `${directory}/${programName}`,
    type: 'file',
    content: await compileProgram(root, userland),
    executable: true,
  },
  ...kinds.flatMap((kind) =>
    commands[kind].map(
      (name): Entry => ({ path: `${directory}/${name}`, type: 'symlink', target: programName }),
    ),
  ),
];

/** The harness's own files below `top`. Those outside etc are programs. */
export const overlay = async (top = asset('guest', 'root')): Promise<Entry[]> => {
  const found = await readdir(top, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (file) => {
      const path = relative(top, file).split(sep).join('/');
      return {
        path,
        type: 'file' as const,
        content: await readFile(file),
        executable: !path.startsWith('etc/'),
      };
    }),
  );
};

/**
 * Everything in the initramfs that does not depend on the kernel. Rejects with GUEST_BUILD if the tool root
 * lacks a file.
 */
export const inventory = async (root: ToolRoot, userland: Userland): Promise<Entry[]> => {
  const parts = await Promise.all([
    applets(root),
    ...programs.map((program) => withLibraries(root, userland, program)),
    Promise.all(data.map((path) => fileFromRoot(root, path))),
    Promise.all([fileFromRoot(userland, busybox, 'bin/busybox', true)]),
    guestProgram(root, userland, 'sbin', ['tools', 'system']),
    overlay(),
  ]);
  return [...directories.map((path): Entry => ({ path, type: 'directory' })), ...parts.flat()];
};
