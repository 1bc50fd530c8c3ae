// The command line that runs a program inside the tool root.

import { join } from 'node:path';
import { proxies } from './proxies.js';

/** A private Debian root. */
export interface ToolRoot {
  path: string;
  /** The version of its QEMU: `11.1.3`. */
  version: string;
  /** What `gcc --version` prints first. */
  compiler: string;
}

export interface Bind {
  /** A path of the host. */
  path: string;
  /** Where it appears; the same path when not given. */
  at?: string | undefined;
  writable?: boolean | undefined;
}

export interface EnterOptions {
  binds?: readonly Bind[] | undefined;
  /** The host's network and its resolver; nothing but a dead loopback device otherwise. */
  network?: boolean | undefined;
  /** A path inside; `/` when not given. */
  cwd?: string | undefined;
  env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Bound one by one over an empty root, so that any other path, also below /usr, can be made a mount point for `binds`
 * although the tool root itself is read-only.
 */
const parts = [
  'etc',
  'usr/bin',
  'usr/include',
  'usr/lib',
  'usr/lib64',
  'usr/libexec',
  'usr/sbin',
  'usr/share',
  'var/lib/dpkg',
];

/** Debian's merged /usr. */
const links = ['bin', 'lib', 'lib64', 'sbin'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]);

const environment = (options: EnterOptions): string[] => {
  const all = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/tmp',
    LC_ALL: 'C.UTF-8',
    ...(options.network ? proxies() : {}),
    ...options.env,
  };
  return Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : ['--setenv', name, value],
  );
};

/**
 * What to execute to run `argv` in the tool root: with a process namespace of its own that dies with us, private /tmp and /run, no
 * network unless asked for, and /dev/kvm if there is one. Standard streams and any further descriptors are inherited.
 * The program is root inside; without real root, the files it makes are the caller's own all the same.
 */
export const enter = (
  root: Pick<ToolRoot, 'path'>,
  argv: readonly string[],
  options: EnterOptions = {},
): { file: string; args: string[] } => {
  const namespaces = ['--unshare-pid', '--unshare-ipc', '--unshare-uts'];
  // Real root keeps its rights over files of any owner; in a user namespace it would lose them.
  if (process.getuid?.() !== 0) namespaces.push('--unshare-user', '--uid', '0', '--gid', '0');
  if (!options.network) namespaces.push('--unshare-net');
  const args = [
    ...namespaces,
    '--die-with-parent',
    ...parts.flatMap((part) => ['--ro-bind', join(root.path, part), `/${part}`]),
    ...links,
    ...['--dev', '/dev', '--dev-bind-try', '/dev/kvm', '/dev/kvm'],
    ...['--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/run', '--dir', '/var/tmp'],
    ...(options.network ? ['--ro-bind-try', '/etc/resolv.conf', '/etc/resolv.conf'] : []),
    ...(options.binds ?? []).flatMap(({ path, at = path, writable }) => [
      writable ? '--bind' : '--ro-bind',
      path,
      at,
    ]),
    '--clearenv',
    ...environment(options),
    '--chdir',
    options.cwd ?? '/',
    '--',
    ...argv,
  ];
  return { file: 'bwrap', args };
};
