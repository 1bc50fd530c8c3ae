// A directory of the caller's, looked at: what of a kernel is there, and what is missing.
import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { missingOptions } from './config.js';

/** All paths absolute. */
export interface KernelDirectory {
  /** `build`: where a kernel was compiled. `packages`: image and headers packages, unpacked into one directory. */
  readonly kind: 'build' | 'packages';
  readonly directory: string;
  readonly release: string;
  /** A bzImage or an uncompressed vmlinux. */
  readonly image: string;
  readonly config: string;
  /** Of `build`: where the sources are, if not in the same place. */
  readonly source?: string | undefined;
  /** Changes with the image, its configuration and its symbols. 12 hex digits. */
  readonly fingerprint: string;
}

export const expectedDirectory =
  'a kernel build tree (after make bzImage modules), or the unpacked image and headers packages of one kernel (boot/vmlinuz-… or vmlinux-…, boot/config-…, lib/modules/…, usr/src/linux-headers-…)';

const refuse = (directory: string, reason: string): HarnessError =>
  new HarnessError('KERNEL_DIRECTORY', { directory, reason, expected: expectedDirectory });

const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);

const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );

const firstOf = async (paths: readonly string[]): Promise<string | undefined> => {
  for (const path of paths) if (await isThere(path)) return path;
  return undefined;
};

interface Parts {
  readonly kind: KernelDirectory['kind'];
  readonly release: string;
  /** The first of each that is there is taken. */
  readonly image: readonly string[];
  readonly config: readonly string[];
  readonly symbols: readonly string[];
  readonly others: readonly (readonly string[])[];
}

const buildParts = (release: string): Parts => ({
  kind: 'build',
  release,
  image: ['arch/x86/boot/bzImage', 'arch/x86_64/boot/bzImage', 'vmlinux'],
  config: ['.config'],
  symbols: ['Module.symvers'],
  others: [['Makefile'], ['modules.order'], ['modules.builtin'], ['scripts/mod/modpost']],
});

const packageParts = (release: string): Parts => {
  const headers = `usr/src/linux-headers-${release}`;
  const modules = [`usr/lib/modules/${release}`, `lib/modules/${release}`];
  return {
    kind: 'packages',
    release,
    image: [
      `boot/vmlinuz-${release}`,
      ...modules.map((path) => join(path, 'vmlinuz')),
      `boot/vmlinux-${release}`,
      ...modules.map((path) => join(path, 'vmlinux')),
    ],
    config: [`boot/config-${release}`, ...modules.map((path) => join(path, 'config'))],
    symbols: [`${headers}/Module.symvers`],
    others: [
      modules.map((path) => join(path, 'modules.builtin')),
      [`${headers}/Makefile`],
      [`${headers}/scripts`],
    ],
  };
};

/** Which of the two it is, and of which release. */
const partsOf = async (directory: string): Promise<Parts> => {
  const text = await readFile(join(directory, 'include/config/kernel.release'), 'utf8').catch(() => '');
  if (text.trim() !== '') return buildParts(text.trim());
  const found = [
    ...new Set([
      ...(await list(join(directory, 'usr/lib/modules'))),
      ...(await list(join(directory, 'lib/modules'))),
    ]),
  ].sort();
  const [release, ...others] = found;
  if (release !== undefined && others.length === 0) return packageParts(release);
  if (release !== undefined)
    throw refuse(directory, `it holds several kernels (${found.join(', ')}), and only one can be meant`);
  const isSource = await isThere(join(directory, 'Kconfig'));
  throw refuse(
    directory,
    isSource
      ? 'these are sources that have not been built (no include/config/kernel.release)'
      : 'it has neither include/config/kernel.release nor lib/modules nor usr/lib/modules',
  );
};

const fingerprintOf = async (image: string, files: readonly string[]): Promise<string> => {
  const { size, mtimeNs } = await stat(image, { bigint: true });
  const hash = createHash('sha256').update(`${image} ${size} ${mtimeNs}`);
  for (const file of files) hash.update('\0').update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
};

/** Where an O= build has its sources; undefined where they are in the same tree. */
const sourceOf = async (directory: string): Promise<string | undefined> => {
  const link = await readlink(join(directory, 'source')).catch(() => undefined);
  return link === undefined ? undefined : realpath(resolve(directory, link)).catch(() => undefined);
};

/** What the directory holds. KERNEL_DIRECTORY, naming all that is missing, if no guest can be made of it. */
export const readKernelDirectory = async (path: string): Promise<KernelDirectory> => {
  const directory = await realpath(path).catch(() => {
    throw refuse(path, 'there is no such directory');
  });
  const parts = await partsOf(directory);
  const find = async (names: readonly string[]): Promise<string | undefined> =>
    firstOf(names.map((name) => join(directory, name)));
  const [image, config, symbols] = await Promise.all([parts.image, parts.config, parts.symbols].map(find));
  const absent = [];
  for (const names of [parts.image, parts.config, parts.symbols, ...parts.others])
    if ((await find(names)) === undefined) absent.push(names.join(' or '));
  if (image === undefined || config === undefined || symbols === undefined || absent.length > 0)
    throw refuse(directory, `Linux ${parts.release} is there, but not ${absent.join(', nor ')}`);
  const text = await readFile(config, 'utf8');
  const lacks = missingOptions(
    text,
    /\/vmlinux(-|$)/.test(image.slice(directory.length)) ? 'vmlinux' : 'bzImage',
  );
  if (lacks.length > 0)
    throw refuse(directory, `Linux ${parts.release} was built without ${lacks.join(', ')}`);
  const { kind, release } = parts;
  const source = kind === 'build' ? await sourceOf(directory) : undefined;
  const awkward = [directory, source].find((path) => path !== undefined && /\s/.test(path));
  if (kind === 'build' && awkward !== undefined)
    throw refuse(directory, `make takes no path with spaces (${awkward})`);
  const fingerprint = await fingerprintOf(image, [config, symbols]);
  return { kind, directory, release, image, config, source, fingerprint };
};
