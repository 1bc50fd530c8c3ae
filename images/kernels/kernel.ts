// A kernel in the cache.

import { join } from 'node:path';
import * as v from 'valibot';
import { readCacheFile } from '../../harness/base/cache/read-file.js';
import type { Bind } from '../toolroot/enter.js';
import { layoutVersion } from './layout.js';
import { askFor, type Flavour, type KernelRow } from './table.js';

export interface Kernel {
  name: string;
  /** What names it to `kernelRow`. */
  ask: string;
  /** As `uname -r` prints it. */
  release: string;
  /** The Debian version of the image package; of an own kernel, a word that changes with what it was made of. */
  version: string;
  /** What else a kernel that was built here was made with. */
  recipe?: string | undefined;
  series: string;
  flavour: Flavour;
  /** The unpacked packages; all paths but buildDirectory lie below it. */
  directory: string;
  /** A bzImage, or a vmlinux with a PVH note. */
  bootImage: string;
  config: string;
  /** `…/usr/lib/modules/<release>`, with modules.dep. */
  modulesDirectory: string;
  /** For `make -C` in the tool root, entered with `kernelBinds`. */
  buildDirectory: string;
  /** What a build needs to see at its own place, in place of `usr/src` at /usr/src. */
  buildBinds?: readonly Bind[] | undefined;
}

/** What is written beside the tree when it is whole. */
const manifestSchema = v.object({
  layout: v.literal(layoutVersion),
  release: v.pipe(v.string(), v.regex(/^[\w.+~-]+$/)),
  version: v.string(),
  recipe: v.optional(v.string()),
});

const manifestName = 'kernel.json';

/** The name and the text of the manifest. */
export const manifestFor = (
  facts: Omit<v.InferOutput<typeof manifestSchema>, 'layout'>,
): [string, string] => [manifestName, `${JSON.stringify({ layout: layoutVersion, ...facts })}\n`];

/** The kernel in `directory`; `undefined` if there is none, or one of another layout. */
export const readKernel = async (row: KernelRow, directory: string): Promise<Kernel | undefined> => {
  const manifest = await readCacheFile(join(directory, manifestName), manifestSchema);
  if (manifest === undefined) return undefined;
  const { release, version, recipe } = manifest;
  return {
    name: row.name,
    ask: askFor(row),
    release,
    version,
    recipe,
    series: row.series,
    flavour: row.flavour,
    directory,
    bootImage: join(directory, 'boot', `vmlinuz-${release}`),
    config: join(directory, 'boot', `config-${release}`),
    modulesDirectory: join(directory, 'usr/lib/modules', release),
    buildDirectory: `/usr/src/linux-headers-${release}`,
  };
};

/** What the tool root must be entered with so that `buildDirectory` is there. */
export const kernelBinds = ({ directory, buildBinds }: Kernel): readonly Bind[] =>
  buildBinds ?? [{ path: join(directory, 'usr/src'), at: '/usr/src' }];
