// Finds, hashes and copies the files that a module is built from.

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
import { bytesOf, toLatin1 } from '../../harness/base/byte-path.js';
import { HarnessError } from '../../harness/base/errors.js';
import { runMarker } from '../../harness/base/run-marker.js';
import { directoryReason, messageOf } from '../../harness/base/thrown.js';

/** A source file, or a link to something else below the same directory. */
export interface SourceFile {
  /** Relative to the directory, for messages: bytes that are not UTF-8 are replaced. */
  readonly name: string;
  /** The same name as Latin-1, one character a byte, since file names need not be UTF-8. */
  readonly path: string;
  /** For a link: its target relative to the link's directory, as Latin-1. */
  readonly target?: string | undefined;
}

/** Files of earlier builds, editors and npm, which are not sources. */
const leftovers =
  /\.(ko|o|mod|mod\.c|cmd|symvers|swp)$|^(built-in|lib)\.a$|^modules\.order$|^node_modules$|~$|^\.#|^\..*\.d$|^\.tmp_/;

/**
 * Text files, which are sources only if a source file names one with that ending: a Makefile may include
 * version.txt.
 */
const textEnding = /\.(md|json|txt|conf|patch|log|rules|test\.ts)$/;

/** The directory of runs that were started in the driver's directory. */
const ownDirectory = 'runs';

const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`);

const nothing = <T>(): T | undefined => undefined;

/** Collects the files of one directory and follows links. Paths are absolute and in Latin-1. */
class Walk {
  readonly found: Omit<SourceFile, 'name'>[] = [];

  constructor(readonly root: string) {}

  /**
   * `above` has the real paths of the parent directories, so that a link to one of them is not followed
   * again.
   */
  async directory(real: string, path: string, above: readonly string[]): Promise<void> {
    if (above.includes(real)) return;
    const names = await readdir(bytesOf(real), { encoding: 'latin1' });
    if (path !== '' && names.includes(runMarker)) return;
    for (const name of names.sort()) {
      if (leftovers.test(name) || (path === '' && name === ownDirectory)) continue;
      await this.entry(`${real}/${name}`, path === '' ? name : `${path}/${name}`, [...above, real]);
    }
  }

  async entry(absolute: string, path: string, above: readonly string[]): Promise<void> {
    const found = await lstat(bytesOf(absolute));
    if (!found.isSymbolicLink()) return this.item(found, absolute, path, above);
    // make cannot use a dangling link either.
    const real = await realpath(bytesOf(absolute), { encoding: 'latin1' }).catch(nothing<string>);
    if (real === undefined) return;
    if (real !== this.root && !isBelow(real, this.root))
      return this.item(await stat(bytesOf(real)), real, path, above);
    this.found.push({ path, target: relative(dirname(`${this.root}/${path}`), real) || '.' });
  }

  /** Ignores sockets, FIFOs and devices, since reading one may never end. */
  async item(found: Stats, absolute: string, path: string, above: readonly string[]): Promise<void> {
    const isHidden = /(^|\/)\.[^/]*$/.test(path);
    if (found.isDirectory() && !isHidden) await this.directory(absolute, path, above);
    else if (found.isFile()) this.found.push({ path });
  }
}

const contentOf = (root: string, { path, target }: Pick<SourceFile, 'path' | 'target'>): Promise<Buffer> =>
  target === undefined ? readFile(bytesOf(`${root}/${path}`)) : Promise.resolve(bytesOf(target));

/** Removes text files whose ending no other file mentions. */
const withoutTexts = async (root: string, found: Walk['found']): Promise<Walk['found']> => {
  const endings = new Set(found.flatMap(({ path }) => textEnding.exec(path)?.[0] ?? []));
  for (const file of found) {
    if (endings.size === 0) break;
    if (textEnding.test(file.path)) continue;
    const content = await contentOf(root, file);
    for (const ending of endings) if (content.includes(ending)) endings.delete(ending);
  }
  return found.filter(({ path }) => !endings.has(textEnding.exec(path)?.[0] ?? ''));
};

const walk = async (directory: string): Promise<SourceFile[]> => {
  const root = toLatin1(await realpath(directory));
  const walk = new Walk(root);
  await walk.directory(root, '', []);
  const files = await withoutTexts(root, walk.found);
  return files.map((file) => ({ ...file, name: bytesOf(file.path).toString('utf8') }));
};

const refuse = (directory: string, reason: string, cause?: unknown): HarnessError<'DRIVER_SOURCE'> =>
  new HarnessError('DRIVER_SOURCE', { directory, reason }, cause);

/**
 * The source files below `directory`, sorted. Rejects with DRIVER_SOURCE unless there is a Kbuild or
 * Makefile, or if one cannot be read.
 */
export const listSources = async (directory: string): Promise<SourceFile[]> => {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw refuse(directory, directoryReason(cause, directory), cause);
  });
  // Check this first, so that a wrong path such as a home directory is not read as a whole.
  if (!names.includes('Kbuild') && !names.includes('Makefile'))
    throw refuse(
      directory,
      'it has no Kbuild and no Makefile; expected one that names the modules (obj-m += …)',
    );
  const files = await walk(directory).catch((cause: unknown) => {
    throw refuse(directory, messageOf(cause), cause);
  });
  // Only regular files, and links that lead to something, are sources.
  if (!files.some(({ path }) => path === 'Kbuild' || path === 'Makefile'))
    throw refuse(directory, 'its Kbuild or Makefile is not a regular file');
  return files;
};

/** A hash of file names, contents and `context` (other inputs of the build): 20 hexadecimal digits. */
export const hashSources = async (
  directory: string,
  files: readonly SourceFile[],
  context: readonly string[],
): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify(context));
  for (const file of files) {
    const content = await contentOf(toLatin1(directory), file);
    hash
      .update(`\n${file.target === undefined ? 'file' : 'link'} ${file.path}\0${content.length}\0`)
      .update(content);
  }
  return hash.digest('hex').slice(0, 20);
};

/**
 * Copies the sources. Links out of the directory become files, since the build need not see their targets.
 */
export const copySources = async (
  directory: string,
  files: readonly SourceFile[],
  to: string,
): Promise<void> => {
  for (const { path, target } of files) {
    const copy = bytesOf(`${toLatin1(to)}/${path}`);
    await mkdir(bytesOf(dirname(`${toLatin1(to)}/${path}`)), { recursive: true });
    if (target === undefined) await copyFile(bytesOf(`${toLatin1(directory)}/${path}`), copy);
    else await symlink(bytesOf(target), copy);
  }
};

/**
 * Makes the sources below `to` equal to `files`. Unchanged files are not written, since make compares times.
 */
export const updateSources = async (
  directory: string,
  files: readonly SourceFile[],
  to: string,
): Promise<void> => {
  const [from, kept] = [toLatin1(directory), toLatin1(to)];
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
    await rm(bytesOf(`${kept}/${path}`), { recursive: true, force: true });
  // Write rather than copy, so that each file gets the current time.
  for (const { path, target } of changed) {
    const copy = bytesOf(`${kept}/${path}`);
    await mkdir(bytesOf(dirname(`${kept}/${path}`)), { recursive: true });
    if (target !== undefined) await symlink(bytesOf(target), copy);
    else await writeFile(copy, await readFile(bytesOf(`${from}/${path}`)));
  }
};
