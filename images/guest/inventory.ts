// What is in the initramfs and where it comes from. All but our own scripts is the tool root's.

import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { asset } from '../asset.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import type { Entry } from './newc.js';

/** Directories that init mounts on or the programs expect. */
const directories = ['dev', 'proc', 'sys', 'run', 'tmp', 'mnt', 'root', 'etc/modprobe.d', 'var/tmp'];

/** busybox's own names for these would hide ours, or are for another kind of init. */
const notApplets = new Set([
  'sbin/reboot',
  'sbin/poweroff',
  'sbin/halt',
  'sbin/init',
  'linuxrc',
  'bin/busybox',
]);

/** Dynamically linked programs, brought along with their libraries. */
const programs = ['usr/bin/lspci'];

/** lspci's names of vendors, devices and classes. */
const data = ['usr/share/misc/pci.ids'];

const busybox = 'usr/bin/busybox';

/** A file of the tool root. Its links are followed inside that root: an absolute one would lead out of it. */
export const fromRoot = async (
  root: ToolRoot,
  path: string,
  guestPath = path,
  executable = false,
): Promise<Entry> => {
  const host = await realpath(join(root.path, path)).catch((cause: unknown) => {
    throw new HarnessError('GUEST_BUILD', { reason: `the tool root has no ${path}` }, cause);
  });
  return { path: guestPath, type: 'file', content: await readFile(host), executable };
};

/** `ldd`'s lines are `name => /path (address)`, or `/path (address)` for the loader. */
export const parseLibraries = (listing: string): string[] =>
  [...listing.matchAll(/(?:=>\s+|^\s*)\/(\S+)\s+\(0x/gm)].flatMap((match) => match[1] ?? []);

const applets = async (root: ToolRoot): Promise<Entry[]> => {
  const { stdout } = await runInToolRoot(root, ['busybox', '--list-full']);
  return stdout
    .split('\n')
    .filter((path) => path !== '' && !notApplets.has(path))
    .map((path) => ({ path, type: 'symlink', target: '/bin/busybox' }));
};

const withLibraries = async (root: ToolRoot, program: string): Promise<Entry[]> => {
  const { stdout } = await runInToolRoot(root, ['ldd', `/${program}`]);
  const libraries = parseLibraries(stdout);
  return Promise.all([
    fromRoot(root, program, program, true),
    ...libraries.map((path) => fromRoot(root, path, path, true)),
  ]);
};

/** Commands of our own program, links to it in the directory of its name. */
const commands = {
  /** For any guest. */
  tools: [
    'agent',
    'guest-clock',
    'holdings',
    'kernel-log',
    'load',
    'payload',
    'ptp',
    'read-files',
    'unload',
    'write-file',
    'writer',
  ],
  /** For one that has no init system. */
  system: ['poweroff', 'reboot', 'uevents'],
} as const;

const programName = 'vmmci-guest';

/** Every file that it is made of. */
export const programSources = async (): Promise<string[]> => {
  const names = await readdir(asset('guest'));
  return names
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => asset('guest', name));
};

/** It, compiled. */
export const compileProgram = async (root: ToolRoot): Promise<Buffer> => {
  const flags = ['-static', '-Os', '-s', '-D_GNU_SOURCE', '-Wl,--build-id=none'];
  const script = 'musl-gcc "$@" -o /tmp/program && cat /tmp/program';
  const sources = (await programSources()).filter((path) => path.endsWith('.c'));
  const { stdout } = await runInToolRoot(root, ['sh', '-c', script, 'sh', ...flags, ...sources], {
    binds: [{ path: asset('guest') }],
    host: { encoding: 'buffer' },
  });
  return Buffer.from(stdout);
};

/** Our own program in `directory`, with those of its commands. */
export const ownProgram = async (
  root: ToolRoot,
  directory: string,
  kinds: readonly (keyof typeof commands)[],
): Promise<Entry[]> => [
  {
    path: `${directory}/${programName}`,
    type: 'file',
    content: await compileProgram(root),
    executable: true,
  },
  ...kinds.flatMap((kind) =>
    commands[kind].map(
      (name): Entry => ({ path: `${directory}/${name}`, type: 'symlink', target: programName }),
    ),
  ),
];

/** Our own files, as they lie below `top`; those outside etc are programs. */
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

/** Everything that does not depend on the kernel. GUEST_BUILD if the tool root lacks something. */
export const inventory = async (root: ToolRoot): Promise<Entry[]> => {
  const parts = await Promise.all([
    applets(root),
    ...programs.map((program) => withLibraries(root, program)),
    Promise.all(data.map((path) => fromRoot(root, path))),
    Promise.all([fromRoot(root, busybox, 'bin/busybox', true)]),
    ownProgram(root, 'sbin', ['tools', 'system']),
    overlay(),
  ]);
  return [...directories.map((path): Entry => ({ path, type: 'directory' })), ...parts.flat()];
};
