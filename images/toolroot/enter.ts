// The command line that runs a program inside the tool root.

import { join } from 'node:path';
import { proxies } from './proxies.js';

/** A private Debian root file system with QEMU, a compiler and the other tools. */
export interface ToolRoot {
  path: string;
  /** The version of its QEMU: `11.1.3`. */
  version: string;
  /** The first line that `gcc --version` prints. */
  compiler: string;
}

export interface Bind {
  /** A path on the host. */
  path: string;
  /** The path inside (default: `path`). */
  at?: string | undefined;
  writable?: boolean | undefined;
}

export interface EnterOptions {
  binds?: readonly Bind[] | undefined;
  /**
   * Gives access to the host's network and resolver. Otherwise there is only a loopback device that is down.
   */
  network?: boolean | undefined;
  /** The working directory, a path inside (default: `/`). */
  cwd?: string | undefined;
  env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Directories that are bound one by one over an empty root. Thus bwrap can create mount points for `binds` at
 * any other path, also below /usr, although the tool root itself is read-only.
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

/** The symbolic links of Debian's merged /usr. */
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

/** bwrap's options for namespaces of its own. */
export const namespaces = ({ network = false }: Pick<EnterOptions, 'network'>): string[] => [
  ...['--unshare-pid', '--unshare-ipc', '--unshare-uts'],
  // Real root must keep its rights over files of any owner, which it would lose in a user namespace.
  ...(process.getuid?.() === 0 ? [] : ['--unshare-user', '--uid', '0', '--gid', '0']),
  ...(network ? [] : ['--unshare-net']),
];

/**
 * The command line that runs `argv` in the tool root: in a PID namespace of its own that ends with this
 * process, with private /tmp and /run, without network unless requested, and with /dev/kvm if the host has
 * it. The program inherits standard streams and any further descriptors. It runs as root inside; without real
 * root, the files it creates still belong to the caller.
 */
export const enter = (
  root: Pick<ToolRoot, 'path'>,
  argv: readonly string[],
  options: EnterOptions = {},
): { file: string; args: string[] } => {
  const args = [
    ...namespaces(options),
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
