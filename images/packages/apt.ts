// Runs the tool root's apt with a separate state for each suite. It checks signatures and never installs
// anything.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecaError } from 'execa';
import pRetry, { AbortError } from 'p-retry';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { HarnessError } from '../../harness/base/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { entryFailure } from '../toolroot/entry-failure.js';
import { classify, reasonIn } from '../toolroot/failure.js';
import { mirrorArguments } from '../toolroot/mirror.js';
import type { Progress } from '../toolroot/progress.js';
import { proxyNote } from '../toolroot/proxies.js';
import { suite as toolRootSuite } from '../toolroot/recipe.js';
import { runInToolRoot } from '../toolroot/run.js';
import type { Architecture } from './architecture.js';
import { sourcesFor } from './sources.js';

const attempts = 3;

const settings = (state: string, suite: string, architecture: Architecture): Record<string, string> => ({
  // Programs that run here are amd64, also beside packages of another architecture.
  'APT::Architecture': 'amd64',
  'APT::Architectures': [...new Set(['amd64', architecture])].join(','),
  'Dir::State': state,
  'Dir::State::status': join(state, 'status'),
  'Dir::Cache': join(state, 'cache'),
  // No binary caches: they speed up later queries, and there are few of those.
  'Dir::Cache::pkgcache': '',
  'Dir::Cache::srcpkgcache': '',
  'Dir::Etc::sourcelist': join(state, 'sources.list'),
  'Dir::Etc::sourceparts': '/dev/null',
  'APT::Default-Release': suite,
  // apt runs in a user namespace with a single user, so it cannot switch to another one.
  'APT::Sandbox::User': 'root',
  'APT::Install-Recommends': 'false',
  'Acquire::Languages': 'none',
  'Acquire::Retries': '2',
});

export interface Apt {
  /**
   * Runs `argv` (an apt program and its arguments) and resolves with its standard output. Rejects with
   * KERNEL_FETCH if it fails, and with KERNEL_NETWORK, after retries, if the network fails.
   */
  run(argv: readonly string[], cwd?: string): Promise<string>;
}

interface AptOptions {
  root: ToolRoot;
  suite: string;
  /** Packages of `i386` have `:i386` after their names, in arguments and in output. */
  architecture: Architecture;
  /** What the packages are for, for messages: `kernel 6.12-cloud`. */
  what: string;
  progress?: Progress | undefined;
}

const complaintsOf = (error: ExecaError): string => String(error.stderr || error.shortMessage);

/** Reports apt's own error line, without the command line that execa would add. */
const failureOf = (error: ExecaError, { suite, what }: AptOptions): HarnessError => {
  const complaints = complaintsOf(error);
  const line = complaints.split('\n').find((line) => line.startsWith('E: '));
  const reason = (line ?? complaints).replace(/^E: /, '').replaceAll(/\s+/g, ' ').trim();
  return classify(complaints) === 'network'
    ? new HarnessError('KERNEL_NETWORK', { what, reason: reason + proxyNote() })
    : new HarnessError('KERNEL_FETCH', { what, suite, reason });
};

type AptState = Pick<AptOptions, 'suite' | 'architecture'>;

const stateName = ({ suite, architecture }: AptState): string =>
  architecture === 'amd64' ? suite : `${suite}-${architecture}`;

/** The lock of a state. All rows of one suite and architecture share a state. */
export const aptLock = (state: AptState): string => `apt-${stateName(state)}`;

/** Prepares the suite's state. The caller must hold `aptLock`. */
export const openApt = async (options: AptOptions): Promise<Apt> => {
  const { root, suite, architecture, progress } = options;
  const state = join(cacheDirectory(), 'apt', stateName(options));
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true });
  await writeFile(join(state, 'status'), '');
  // A mirror in the environment takes precedence over the one that the tool root was made from.
  const named = mirrorArguments(toolRootSuite).join('\n');
  const sources = named === '' ? await readFile(join(root.path, 'etc/apt/sources.list'), 'utf8') : named;
  await writeFile(join(state, 'sources.list'), sourcesFor(suite, sources));
  const flags = Object.entries(settings(state, suite, architecture)).flatMap(([key, value]) => [
    '-o',
    `${key}=${value}`,
  ]);

  const once = async ([program = '', ...args]: readonly string[], cwd?: string): Promise<string> => {
    const binds = [{ path: state, writable: true }, ...(cwd ? [{ path: cwd, writable: true }] : [])];
    try {
      const argv = [program, ...flags, ...args];
      return (await runInToolRoot(root, argv, { binds, cwd, network: true })).stdout;
    } catch (error) {
      const failure = entryFailure(root.path, error as ExecaError) ?? failureOf(error as ExecaError, options);
      throw failure.code === 'KERNEL_NETWORK' ? failure : new AbortError(failure);
    }
  };
  return {
    run: (argv, cwd) =>
      pRetry(() => once(argv, cwd), {
        retries: attempts - 1,
        minTimeout: 2000,
        onFailedAttempt: ({ error, retriesLeft }) => {
          if (retriesLeft > 0) progress?.(`${options.what}: retrying after: ${reasonIn(error)}`);
        },
      }),
  };
};
