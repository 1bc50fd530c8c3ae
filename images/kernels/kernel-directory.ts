// Examines a directory of the user's: which kernel it contains, and which parts are missing.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { ifExists, namesIn, targetOf } from '../../harness/base/if-exists.js';
import { listOf } from '../../harness/base/text.js';
import { directoryReason, systemCode } from '../../harness/base/thrown.js';
import type { Architecture } from '../packages/architecture.js';
import { architectureIn, missingOptions, obstaclesIn } from './config.js';
import { isWithin, resolveInside } from './inside.js';
import { findParts, releasesIn } from './package-layout.js';

interface Found {
  /** An absolute path, as all other paths here. */
  readonly directory: string;
  readonly release: string;
  /** A bzImage or an uncompressed vmlinux. */
  readonly image: string;
  readonly config: string;
  /** Module.symvers. */
  readonly symbols: string;
}

/** The directory in which a kernel was compiled. */
export interface BuildTree extends Found {
  readonly kind: 'build';
  /** The directory of the sources, if it is another one. */
  readonly source?: string | undefined;
}

/** A root file system or unpacked packages, with image, modules and headers of at least one kernel. */
export interface PackageTree extends Found {
  readonly kind: 'packages';
  /** Relative to `directory`, with links resolved; so is `headers`. */
  readonly modules: string;
  readonly headers: string;
  /** Other releases in the directory. */
  readonly others: readonly string[];
  /** Newer releases that lack a part, each with a description of it. */
  readonly incomplete: readonly string[];
}

export type KernelDirectory = (BuildTree | PackageTree) & {
  /** A hash of image, configuration and symbols: 12 hexadecimal digits. */
  readonly fingerprint: string;
  readonly architecture: Architecture;
};

export const expectedDirectory =
  'a kernel build tree (after make bzImage modules), or a root file system or unpacked packages with image, modules and headers of one kernel';

export const refuse = (directory: string, reason: string): HarnessError<'KERNEL_DIRECTORY'> =>
  new HarnessError('KERNEL_DIRECTORY', { directory, reason, expected: expectedDirectory });

const isFilled = async (path: string): Promise<boolean> => ((await ifExists(stat(path)))?.size ?? 0) > 0;

const firstFilled = async (directory: string, names: readonly string[]): Promise<string | undefined> => {
  for (const name of names) if (await isFilled(join(directory, name))) return join(directory, name);
  return undefined;
};

/** The directory of an O= build's sources; undefined if they are in the same tree. */
const sourceOf = async (directory: string): Promise<string | undefined> => {
  const link = await targetOf(join(directory, 'source'));
  return link === undefined ? undefined : ifExists(realpath(resolve(directory, link)));
};

/** Files that a build tree must have; any one file of a list is enough. */
const buildFiles = {
  image: ['arch/x86/boot/bzImage', 'arch/x86_64/boot/bzImage', 'vmlinux'],
  config: ['.config'],
  symbols: ['Module.symvers'],
  makefile: ['Makefile'],
  order: ['modules.order'],
  builtin: ['modules.builtin'],
  modpost: ['scripts/mod/modpost'],
} as const;

const readBuildTree = async (directory: string, release: string): Promise<BuildTree> => {
  const absent: string[] = [];
  const find = async (names: readonly string[]): Promise<string> => {
    const found = await firstFilled(directory, names);
    if (found === undefined) absent.push(names.join(' or '));
    return found ?? '';
  };
  const [image, config, symbols] = [
    await find(buildFiles.image),
    await find(buildFiles.config),
    await find(buildFiles.symbols),
  ];
  for (const name of ['makefile', 'order', 'builtin', 'modpost'] as const) await find(buildFiles[name]);
  if (absent.length > 0) throw refuse(directory, `it has Linux ${release}, but not ${absent.join(', nor ')}`);
  const source = await sourceOf(directory);
  const withSpace = [directory, source].find((path) => path !== undefined && /\s/.test(path));
  if (withSpace !== undefined) throw refuse(directory, `make cannot handle spaces in a path (${withSpace})`);
  return { kind: 'build', directory, release, image, config, symbols, source };
};

const absentParts = {
  image: (release: string) => `an image (boot/vmlinuz-${release}, lib/modules/${release}/vmlinuz)`,
  config: (release: string) => `a configuration (boot/config-${release}, lib/modules/${release}/config)`,
  headers: (release: string) =>
    `headers with Module.symvers (lib/modules/${release}/build, usr/src/linux-headers-${release})`,
} as const;

type Parts = Omit<PackageTree, 'others' | 'incomplete'>;

/** The parts of one release, or what it lacks. */
const partsOf = async (directory: string, release: string): Promise<Parts | string> => {
  const { modules = '', ...parts } = await findParts(directory, release);
  const { image, config, headers, symbols } = parts;
  const absent = Object.entries(absentParts).flatMap(([name, describe]) =>
    parts[name as keyof typeof absentParts] === undefined ? [describe(release)] : [],
  );
  for (const path of [
    `${modules}/modules.builtin`,
    ...(headers === undefined ? [] : [`${headers}/Makefile`, `${headers}/scripts/mod/modpost`]),
  ])
    if ((await resolveInside(directory, path)) === undefined) absent.push(path);
  if (!image || !config || !headers || !symbols || absent.length > 0)
    return `it has Linux ${release}, but not ${absent.join(', nor ')}`;
  return {
    kind: 'packages',
    directory,
    release,
    modules,
    headers,
    image: join(directory, image),
    config: join(directory, config),
    symbols: join(directory, symbols),
  };
};

/**
 * The wanted release, or the newest with all parts: package managers leave directories of removed kernels,
 * and often only one kernel has headers.
 */
const readPackages = async (
  directory: string,
  releases: readonly string[],
  wanted: string | undefined,
): Promise<PackageTree> => {
  if (wanted !== undefined && !releases.includes(wanted))
    throw refuse(directory, `it has no modules of Linux ${wanted}, but of ${listOf(releases, 5)}`);
  const incomplete: string[] = [];
  for (const release of wanted === undefined ? releases.toReversed() : [wanted]) {
    const parts = await partsOf(directory, release);
    if (typeof parts !== 'string')
      return { ...parts, others: releases.filter((other) => other !== release), incomplete };
    incomplete.push(parts);
  }
  throw refuse(directory, listOf(incomplete, 1));
};

/** Determines the kind of the directory and reads its parts. */
const readParts = async (directory: string, wanted: string | undefined): Promise<BuildTree | PackageTree> => {
  const text = await ifExists(readFile(join(directory, 'include/config/kernel.release'), 'utf8'));
  const built = text?.trim() ?? '';
  if (built !== '') {
    if (wanted !== undefined && wanted !== built)
      throw refuse(directory, `it contains Linux ${built}, not ${wanted}`);
    return readBuildTree(directory, built);
  }
  const releases = await releasesIn(directory);
  if (releases.length > 0) return readPackages(directory, releases, wanted);
  const names = await namesIn(directory);
  throw refuse(
    directory,
    names.includes('Kconfig')
      ? 'these sources have not been built (no include/config/kernel.release)'
      : 'it has neither include/config/kernel.release nor lib/modules nor usr/lib/modules',
  );
};

const fingerprintOf = async ({ image, config, symbols }: Found): Promise<string> => {
  const { size, mtimeNs } = await stat(image, { bigint: true });
  const hash = createHash('sha256').update(`${image} ${size} ${mtimeNs}`);
  for (const file of [config, symbols]) hash.update('\0').update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
};

/** Errors of reading: no permission, or a file that is gone since it was found. Not those of a full cache. */
const readErrors: readonly unknown[] = ['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];

/**
 * Runs `step`. A file of the directory that cannot be read is wrong input: Ubuntu's images, for one, are
 * root's alone.
 */
export const orRefuse = async <T>(directory: string, step: () => Promise<T>): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    const code = systemCode(error);
    const path = error instanceof Error && 'path' in error ? String(error.path) : '';
    if (!readErrors.includes(code) || !isWithin(path, directory)) throw error;
    const reason = `${path} cannot be read (${code})`;
    throw new HarnessError(
      'KERNEL_DIRECTORY',
      { directory, reason, expected: `${expectedDirectory}, readable for this user` },
      error,
    );
  }
};

const readKernelAt = async (directory: string, wanted: string | undefined): Promise<KernelDirectory> => {
  const found = await readParts(directory, wanted);
  const config = await readFile(found.config, 'utf8');
  const missing = missingOptions(config, /\/vmlinux(-[^/]*)?$/.test(found.image) ? 'vmlinux' : 'bzImage');
  if (missing.length > 0)
    throw refuse(directory, `Linux ${found.release} was built without ${listOf(missing, 5)}`);
  const obstacles = obstaclesIn(config);
  if (obstacles.length > 0)
    throw refuse(directory, `Linux ${found.release} is unsuitable: ${obstacles.join('; ')}`);
  await access(found.image, constants.R_OK);
  return { ...found, fingerprint: await fingerprintOf(found), architecture: architectureIn(config) };
};

/**
 * Reads the kernel in the directory. Rejects with KERNEL_DIRECTORY, naming everything missing, unsuitable or
 * unreadable, if it cannot be a guest's.
 */
export const readKernelDirectory = async (path: string, wanted?: string): Promise<KernelDirectory> => {
  const directory = await realpath(path).catch((error: unknown) => {
    throw refuse(path, directoryReason(error, path));
  });
  return orRefuse(directory, () => readKernelAt(directory, wanted));
};
