// One run of mmdebstrap, its tar stream unpacked as it comes.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Lock } from '../../harness/base/cache/lock.js';
import { isRoot } from './host-command.js';
import { mirrorArguments } from './mirror.js';
import type { Progress } from './progress.js';
import { proxies } from './proxies.js';

/** mmdebstrap's own account, as far as it tells a reader something. */
const steps: readonly [RegExp, string][] = [
  [/^I: running apt-get update/, 'reading the package lists'],
  [/^I: downloading packages with apt/, 'downloading the base system'],
  [/^I: installing essential packages/, 'installing the base system'],
  [/^I: installing remaining packages/, 'downloading and installing the other packages'],
  [/^I: creating tarball/, 'unpacking into the cache'],
];

export const stepOf = (line: string): string | undefined =>
  steps.find(([pattern]) => pattern.test(line))?.[1];

/** What a Debian root is made of, as far as mmdebstrap is told. */
export interface DebianRecipe {
  suite: string;
  variant: 'apt' | 'essential';
  /** Package names. */
  packages: readonly string[];
  /** dpkg options of the form `path-exclude=…`. */
  leftOut: readonly string[];
  /** Further arguments, such as hooks. */
  extra: readonly string[];
}

/** The arguments that make such a root and write it to standard output as a tar stream. */
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
 * What runs mmdebstrap for real root: with mounts and processes of its own, as an ordinary user's has anyway. Else a mmdebstrap that is
 * killed leaves /proc and /sys mounted in its chroot directory, where nobody could remove it.
 */
const isolated = (argv: readonly string[]): [string, string[]] =>
  isRoot()
    ? [
        'unshare',
        ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc', ...argv],
      ]
    : [argv[0] ?? '', argv.slice(1)];

/** How one run ended; `complaints` are the error lines of both programs. */
export interface BootstrapResult {
  ok: boolean;
  complaints: string;
}

/** `W:` lines are about the host (no arch-test, say) and do no harm. */
export const isComplaint = (line: string): boolean => !/^(I|W|N): |^$/.test(line);

export interface BootstrapOptions {
  recipe: DebianRecipe;
  /** Made, and filled. */
  directory: string;
  scratch: string;
  log: string;
  /** Dates nothing later than this, in seconds since the epoch, and leaves out what differs from run to run. */
  sourceDateEpoch?: number | undefined;
  /** Gets tar's line for each entry, as `ls -l` prints it with numbers for the owner. */
  onEntry?: ((line: string) => void) | undefined;
}

/**
 * Both programs are groups of their own: mmdebstrap signals its whole group when its tar stream breaks, and it must not take us along.
 * So they do not die with us, and the lock's guard sees to that.
 */
export const bootstrap = async (
  { recipe, directory, scratch, log, sourceDateEpoch, onEntry }: BootstrapOptions,
  lock: Lock,
  onStep: Progress,
): Promise<BootstrapResult> => {
  // Whatever can be wrong with them is told before a program is started that would wait for the other.
  const args = mmdebstrapArguments(recipe, isRoot());
  await mkdir(directory);
  const logFile = createWriteStream(log);
  // The disk may be full; tar or mmdebstrap says so too, and that is reported.
  logFile.on('error', () => {});
  const logged = new Promise<void>((resolve) => logFile.once('close', resolve));
  const complaints: string[] = [];
  // Owned by whoever runs this, without setuid bits: those would be that user's, for everybody who can reach the file.
  const unpack = ['--extract', '--directory', directory, '--no-same-owner', '--exclude=./dev/*'];
  const listing = ['--verbose', '--verbose', '--numeric-owner', '--quoting-style=literal'];
  const tar = spawn('tar', [...unpack, ...(onEntry ? ['--preserve-permissions', ...listing] : [])], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    detached: true,
  });
  createInterface({ input: tar.stdout }).on('line', onEntry ?? (() => {}));
  // The umask decides over permissions in the root, and over who may enter it.
  const argv = ['sh', '-c', 'umask 022 && exec mmdebstrap "$@"', 'mmdebstrap'].concat(args);
  const mmdebstrap = spawn(...isolated(argv), {
    // Its working directory must be one that a subordinate user may enter.
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
  // Our copy of the pipe, or tar would never see its end. mmdebstrap has its own.
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
