// The files that a module is built from.

import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { runMarker } from '../../harness/base/run-marker.js';
import { messageOf } from '../../harness/base/thrown.js';

/** A source file, or a link to something else below the same directory. */
export interface SourceFile {
  /** Relative to the directory, as a person reads it: bytes that are not UTF-8 are replaced. */
  readonly name: string;
  /** The same, byte for byte as Latin-1: file names need not be UTF-8. */
  readonly path: string;
  /** Of a link: where it points, relative to itself, as Latin-1. */
  readonly target?: string | undefined;
}

/** What an earlier build or an editor has left, and what version control and npm keep beside the sources. */
const leftovers =
  /\.(ko|o|mod|mod\.c|cmd|symvers|swp)$|^(built-in|lib)\.a$|^modules\.order$|^node_modules$|~$|^\.#|^\..*\.d$|^\.tmp_/;

/** Text that is not for the compiler, unless a source file names one with that ending: a Makefile may include version.txt. */
const texts = /\.(md|json|txt|conf|patch|log|rules|test\.ts)$/;

/** Files of our own: of runs that were started in the driver's directory. */
const ownDirectory = 'runs';

const bytes = (path: string): Buffer => Buffer.from(path, 'latin1');

const latin1 = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');

const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`);

const nothing = <T>(): T | undefined => undefined;

/** Follows the links of one directory. Absolute paths, as Latin-1. */
class Walk {
  readonly found: Omit<SourceFile, 'name'>[] = [];

  constructor(readonly root: string) {}

  /** `above`: the real paths of the directories that this one is in, so that a link to one of them ends there. */
  async directory(real: string, path: string, above: readonly string[]): Promise<void> {
    if (above.includes(real)) return;
    const names = await readdir(bytes(real), { encoding: 'latin1' });
    if (path !== '' && names.includes(runMarker)) return;
    for (const name of names.sort()) {
      if (leftovers.test(name) || (path === '' && name === ownDirectory)) continue;
      await this.entry(`${real}/${name}`, path === '' ? name : `${path}/${name}`, [...above, real]);
    }
  }

  async entry(absolute: string, path: string, above: readonly string[]): Promise<void> {
    const found = await lstat(bytes(absolute));
    if (!found.isSymbolicLink()) return this.item(found, absolute, path, above);
    // A link that leads nowhere is of no use to make either.
    const real = await realpath(bytes(absolute), { encoding: 'latin1' }).catch(nothing<string>);
    if (real === undefined) return;
    if (real !== this.root && !isBelow(real, this.root))
      return this.item(await stat(bytes(real)), real, path, above);
    this.found.push({ path, target: relative(dirname(`${this.root}/${path}`), real) || '.' });
  }

  /** Sockets, FIFOs and devices are no sources, and reading one may never end. */
  async item(found: Stats, absolute: string, path: string, above: readonly string[]): Promise<void> {
    const isHidden = /(^|\/)\.[^/]*$/.test(path);
    if (found.isDirectory() && !isHidden) await this.directory(absolute, path, above);
    else if (found.isFile()) this.found.push({ path });
  }
}

const contentOf = (root: string, { path, target }: Pick<SourceFile, 'path' | 'target'>): Promise<Buffer> =>
  target === undefined ? readFile(bytes(`${root}/${path}`)) : Promise.resolve(bytes(target));

/** Leaves out texts with an ending that no other file mentions. */
const withoutTexts = async (root: string, found: Walk['found']): Promise<Walk['found']> => {
  const endings = new Set(found.flatMap(({ path }) => texts.exec(path)?.[0] ?? []));
  for (const file of found) {
    if (endings.size === 0) break;
    if (texts.test(file.path)) continue;
    const content = await contentOf(root, file);
    for (const ending of endings) if (content.includes(ending)) endings.delete(ending);
  }
  return found.filter(({ path }) => !endings.has(texts.exec(path)?.[0] ?? ''));
};

const walk = async (directory: string): Promise<SourceFile[]> => {
  const root = latin1(await realpath(directory));
  const walk = new Walk(root);
  await walk.directory(root, '', []);
  const files = await withoutTexts(root, walk.found);
  return files.map((file) => ({ ...file, name: bytes(file.path).toString('utf8') }));
};

const refuse = (directory: string, reason: string, cause?: unknown): HarnessError<'DRIVER_SOURCE'> =>
  new HarnessError('DRIVER_SOURCE', { directory, reason }, cause);

/** The source files below `directory`, sorted. DRIVER_SOURCE unless there is a Kbuild or Makefile, or if one cannot be read. */
export const listSources = async (directory: string): Promise<SourceFile[]> => {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw refuse(directory, messageOf(cause), cause);
  });
  // Looked at first, so that nobody's home directory is read.
  if (!names.includes('Kbuild') && !names.includes('Makefile'))
    throw refuse(
      directory,
      'it has no Kbuild and no Makefile; expected one that names the modules (obj-m += …)',
    );
  return walk(directory).catch((cause: unknown) => {
    throw refuse(directory, messageOf(cause), cause);
  });
};

/** A hash of names and contents, and of whatever else in `context` the result depends on. 20 hex digits. */
export const hashSources = async (
  directory: string,
  files: readonly SourceFile[],
  context: readonly string[],
): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify(context));
  for (const file of files) {
    const content = await contentOf(latin1(directory), file);
    hash
      .update(`\n${file.target === undefined ? 'file' : 'link'} ${file.path}\0${content.length}\0`)
      .update(content);
  }
  return hash.digest('hex').slice(0, 20);
};

/** Links that lead out of the directory become files: what they point to need not be visible to the build. */
export const copySources = async (
  directory: string,
  files: readonly SourceFile[],
  to: string,
): Promise<void> => {
  for (const { path, target } of files) {
    const copy = bytes(`${latin1(to)}/${path}`);
    await mkdir(bytes(dirname(`${latin1(to)}/${path}`)), { recursive: true });
    if (target === undefined) await copyFile(bytes(`${latin1(directory)}/${path}`), copy);
    else await symlink(bytes(target), copy);
  }
};

/** Makes the sources below `to` those in `directory`. What has not changed is not written: make goes by the time of change. */
export const updateSources = async (
  directory: string,
  files: readonly SourceFile[],
  to: string,
): Promise<void> => {
  const [from, kept] = [latin1(directory), latin1(to)];
  const present = new Map((await walk(to)).map((file) => [file.path, file]));
  const isSame = async (file: SourceFile): Promise<boolean> => {
    const old = present.get(file.path);
    if (old === undefined || (old.target === undefined) !== (file.target === undefined)) return false;
    return (await contentOf(kept, old)).equals(await contentOf(from, file));
  };
  const changed: SourceFile[] = [];
  for (const file of files) if (!(await isSame(file))) changed.push(file);
  const wanted = new Set(files.map(({ path }) => path));
  const gone = [...present.values()].filter(({ path }) => !wanted.has(path));
  for (const { path } of [...gone, ...changed])
    await rm(bytes(`${kept}/${path}`), { recursive: true, force: true });
  // Not copied, so that each file gets the time of now.
  for (const { path, target } of changed) {
    const copy = bytes(`${kept}/${path}`);
    await mkdir(bytes(dirname(`${kept}/${path}`)), { recursive: true });
    if (target !== undefined) await symlink(bytes(target), copy);
    else await writeFile(copy, await readFile(bytes(`${from}/${path}`)));
  }
};
