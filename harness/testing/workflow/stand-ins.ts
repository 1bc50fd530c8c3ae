// Stand-ins for GitHub's actions in tests. They do the same to files; caches and artifacts are directories.

import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { execa } from 'execa';

export interface Directories {
  /** The files of a checkout. */
  readonly source: string;
  /** The workspace of the job. */
  readonly workspace: string;
  readonly home: string;
  /** Directories of actions of other repositories, by name. */
  readonly actions: Readonly<Record<string, string>>;
  /** The directory that all jobs of a run share: `caches/<key>/<n>`, `artifacts/<name>`. */
  readonly store: string;
  /** Packages and compiled files that the workspaces of jobs share, if they do. */
  readonly kept?: string | undefined;
}

type Inputs = Readonly<Record<string, string>>;

/** Work to do when the job ends. */
export type After = () => Promise<void>;

type StandIn = (inputs: Inputs, directories: Directories) => Promise<After | undefined>;

/** Hard-links files where possible: cached files are written once and renamed, never changed in place. */
export const copyTree = async (from: string, to: string): Promise<void> => {
  mkdirSync(dirname(to), { recursive: true });
  const linked = await execa('cp', ['-al', '--no-target-directory', from, to], { reject: false });
  if (linked.exitCode !== 0) await execa('cp', ['-a', '--no-target-directory', from, to]);
};

/**
 * Copies the files that git tracks or would add: the checkout as it is now, committed or not. Times stay,
 * because a runner that keeps its workspace rewrites changed files only.
 */
export const copyCheckout = async (source: string, target: string): Promise<void> => {
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await execa('git', ['-C', source, ...listing]);
  for (const name of stdout.split('\0').filter((name) => name !== '' && existsSync(join(source, name))))
    cpSync(join(source, name), join(target, name), { verbatimSymlinks: true, preserveTimestamps: true });
};

const checkout: StandIn = async ({ path = '.' }, { source, workspace, kept }) => {
  const target = resolve(workspace, path);
  await copyCheckout(source, target);
  if (kept === undefined) return undefined;
  if (existsSync(kept)) {
    await copyTree(join(kept, 'node_modules'), join(target, 'node_modules'));
    // Copied, since the compiler writes into existing files.
    cpSync(join(kept, 'dist'), join(target, 'dist'), { recursive: true, preserveTimestamps: true });
    return undefined;
  }
  return async () => {
    for (const name of ['node_modules', 'dist']) await copyTree(join(target, name), join(kept, name));
  };
};

/** Uses the installed Node. With `cache: npm`, restores the downloads of npm. */
const setupNode: StandIn = async ({ cache }, { home }) => {
  if (cache === 'npm') {
    const { stdout } = await execa('npm', ['config', 'get', 'cache']);
    if (existsSync(stdout)) await copyTree(stdout, join(home, '.npm'));
  }
  return undefined;
};

const pathsOf = (text: string, { workspace, home }: Directories): string[] =>
  text
    .split('\n')
    .map((path) => path.trim())
    .filter((path) => path !== '')
    .map((path) => (path.startsWith('~/') ? join(home, path.slice(2)) : resolve(workspace, path)));

const cache: StandIn = async ({ path = '', key = '', 'restore-keys': prefixes = '' }, directories) => {
  const caches = join(directories.store, 'caches');
  mkdirSync(caches, { recursive: true });
  const paths = pathsOf(path, directories);
  const names = readdirSync(caches).sort();
  const wanted = prefixes.split('\n').filter((prefix) => prefix !== '');
  const found = names.includes(key)
    ? key
    : wanted.flatMap((prefix) => names.filter((name) => name.startsWith(prefix)).slice(-1))[0];
  if (found !== undefined)
    for (const [index, target] of paths.entries()) {
      const from = join(caches, found, String(index));
      if (existsSync(from)) await copyTree(from, target);
    }
  if (found === key) return undefined;
  return async () => {
    const making = join(caches, `.${key}`);
    rmSync(making, { recursive: true, force: true });
    for (const [index, from] of paths.entries())
      if (existsSync(from)) await copyTree(from, join(making, String(index)));
    if (existsSync(making) && !existsSync(join(caches, key))) renameSync(making, join(caches, key));
  };
};

/** A single directory is uploaded without its name; of several, each keeps its path below the workspace. */
const uploadArtifact: StandIn = async (inputs, directories) => {
  const { name = 'artifact', path = '', 'if-no-files-found': missing = 'warn' } = inputs;
  const { store, workspace } = directories;
  const paths = pathsOf(path, directories);
  const target = join(store, 'artifacts', name);
  if (existsSync(target)) throw new Error(`an artifact named ${name} exists already`);
  const found = paths.filter((from) => existsSync(from));
  if (found.length === 0 && missing === 'error') throw new Error(`no files found at ${path}`);
  for (const from of found)
    await copyTree(from, paths.length === 1 ? target : join(target, relative(workspace, from)));
  return undefined;
};

/** With a pattern, each artifact gets its own directory below `path`. */
const downloadArtifact: StandIn = async ({ pattern = '*', path = '.' }, { store, workspace }) => {
  const artifacts = join(store, 'artifacts');
  const fits = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
  const names = existsSync(artifacts) ? readdirSync(artifacts).filter((name) => fits.test(name)) : [];
  for (const name of names) await copyTree(join(artifacts, name), resolve(workspace, path, name));
  return undefined;
};

/** The stand-ins, by the name of the action without its commit. */
export const standIns: Readonly<Record<string, StandIn>> = {
  'actions/checkout': checkout,
  'actions/setup-node': setupNode,
  'actions/cache': cache,
  'actions/upload-artifact': uploadArtifact,
  'actions/download-artifact': downloadArtifact,
};
