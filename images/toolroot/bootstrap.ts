// Runs mmdebstrap once and unpacks its tar stream as it arrives.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Lock } from '../../harness/base/cache/lock.js';
import { isRoot } from './host-command.js';
import { mirrorArguments } from './mirror.js';
import type { Progress } from './progress.js';
import { proxies } from './proxies.js';

/** mmdebstrap's log lines that are worth a progress line, and that line. */
const steps: readonly [RegExp, string][] = [
  [/^I: running apt-get update/, 'reading the package lists'],
  [/^I: downloading packages with apt/, 'downloading the base system'],
  [/^I: installing essential packages/, 'installing the base system'],
  [/^I: installing remaining packages/, 'downloading and installing the other packages'],
  [/^I: creating tarball/, 'unpacking into the cache'],
];

export const stepOf = (line: string): string | undefined =>
  steps.find(([pattern]) => pattern.test(line))?.[1];

/** The inputs of a Debian root that are passed to mmdebstrap. */
export interface DebianRecipe {
  suite: string;
  variant: 'apt' | 'essential';
  /** Package names. */
  packages: readonly string[];
  /** Files to leave out, as dpkg options of the form `path-exclude=…`. */
  leftOut: readonly string[];
  /** Paths below the root that are not unpacked. */
  notUnpacked?: readonly string[];
  /** Further arguments, such as hooks. */
  extra: readonly string[];
}

/** Arguments with which mmdebstrap makes the root and writes it to standard output as a tar stream. */
export const mmdebstrapArguments = (
  { suite, variant, packages, leftOut, extra }: DebianRecipe,
  root: boolean,
): string[] => [
  `--mode=${root ? 'root' : 'unshare'}`,
  '--format=tar',
  `--variant=${variant}`,
  '--architectures=amd64',
  `--include=${packages.join(',')}`,
  ...leftOut.map((line) => `--dpkgopt=${line}`),
  ...extra,
  suite,
  '-',
  ...mirrorArguments(suite),
];

/**
 * Real root runs mmdebstrap in mount and PID namespaces of its own, as an ordinary user's mmdebstrap always
 * does. Without them, a killed mmdebstrap leaves /proc and /sys mounted in its chroot directory, which then
 * cannot be removed.
 */
const isolated = (argv: readonly string[]): [string, string[]] =>
  isRoot()
    ? [
        'unshare',
        ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc', ...argv],
      ]
    : [argv[0] ?? '', argv.slice(1)];

/** The result of one run; `complaints` are the error lines of mmdebstrap and tar. */
export interface BootstrapResult {
  ok: boolean;
  complaints: string;
}

/**
 * True if a line reports an error. `W:` lines are about the host (such as a missing arch-test) and are
 * harmless.
 */
export const isComplaint = (line: string): boolean => !/^(I|W|N): |^$/.test(line);

export interface BootstrapOptions {
  recipe: DebianRecipe;
  /** Must not exist: it is created and filled. */
  directory: string;
  scratch: string;
  log: string;
  /**
   * Latest date of any file, in seconds since the epoch. If given, mmdebstrap also omits what differs from
   * run to run.
   */
  sourceDateEpoch?: number | undefined;
  /** Called with tar's line for each entry: the format of `ls -l`, with numeric owners. */
  onEntry?: ((line: string) => void) | undefined;
}

/**
 * Makes a Debian root. Both programs run in process groups of their own, because mmdebstrap signals its whole
 * group when its tar stream breaks, and that must not end this process. The lock's guard ends them if this
 * process dies.
 */
export const bootstrap = async (
  { recipe, directory, scratch, log, sourceDateEpoch, onEntry }: BootstrapOptions,
  lock: Lock,
  onStep: Progress,
): Promise<BootstrapResult> => {
  // Invalid options throw here, before one of the programs is started and waits for the other.
  const args = mmdebstrapArguments(recipe, isRoot());
  await mkdir(directory);
  const logFile = createWriteStream(log);
  // Writing the log can fail if the disk is full. tar or mmdebstrap then fails as well, and that failure is
  // reported.
  logFile.on('error', () => {});
  const logged = new Promise<void>((resolve) => logFile.once('close', resolve));
  const complaints: string[] = [];
  // Files belong to the user who runs this and get no setuid bits, which would give everybody that user's
  // rights.
  const excluded = ['dev/*', ...(recipe.notUnpacked ?? [])].map((path) => `--exclude=./${path}`);
  const unpack = ['--extract', '--directory', directory, '--no-same-owner', ...excluded];
  const listing = ['--verbose', '--verbose', '--numeric-owner', '--quoting-style=literal'];
  const tar = spawn('tar', [...unpack, ...(onEntry ? ['--preserve-permissions', ...listing] : [])], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    detached: true,
  });
  createInterface({ input: tar.stdout }).on('line', onEntry ?? (() => {}));
  // The umask determines the permissions of files in the root, and who can enter it.
  const argv = ['sh', '-c', 'umask 022 && exec mmdebstrap "$@"', 'mmdebstrap'].concat(args);
  const mmdebstrap = spawn(...isolated(argv), {
    // A subordinate user must be able to enter the working directory.
    cwd: '/',
    env: {
      ...process.env,
      ...proxies(),
      TMPDIR: scratch,
      LC_ALL: 'C.UTF-8',
      SOURCE_DATE_EPOCH: sourceDateEpoch === undefined ? undefined : String(sourceDateEpoch),
    },
    stdio: ['ignore', tar.stdin, 'pipe'],
    detached: true,
  });
  // Close this process's end of the pipe, or tar would never read end of file. mmdebstrap has its own end.
  tar.stdin.destroy();
  const ends = [tar, mmdebstrap].map((child) => {
    const unguard = child.pid === undefined ? () => {} : lock.guard(child.pid);
    createInterface({ input: child.stderr }).on('line', (line) => {
      logFile.write(`${line}\n`);
      const step = stepOf(line);
      if (step) onStep(step);
      if (isComplaint(line)) complaints.push(line);
    });
    return new Promise<boolean>((resolve) => {
      child.once('error', (error) => complaints.push(error.message));
      child.once('close', (code) => {
        unguard();
        resolve(code === 0);
      });
    });
  });
  const ok = (await Promise.all(ends)).every(Boolean);
  logFile.end();
  await logged;
  return { ok, complaints: complaints.join('\n') };
};
