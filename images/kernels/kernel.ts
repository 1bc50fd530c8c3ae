// A kernel in the cache.

import { join } from 'node:path';
import * as v from 'valibot';
import { readCacheFile } from '../../harness/base/cache/read-file.js';
import type { Architecture } from '../packages/architecture.js';
import type { Bind } from '../toolroot/enter.js';
import { layoutVersion } from './layout.js';
import { askFor, type Flavour, type KernelRow } from './table.js';

export interface Kernel {
  /** As in the kernel table, such as `6.12-cloud`; `dir-` and a directory's name for an own kernel. */
  name: string;
  /** The name with which `kernelRow` finds it. @internal */
  ask: string;
  /** As `uname -r` prints it. */
  release: string;
  /**
   * The Debian version of the image package, or the fingerprint of an own kernel; for a debug kernel that of
   * its sources, with the hash of its configuration: `6.12.118-1.49cb8b9f`. What is made for a kernel depends
   * on it.
   */
  version: string;
  /** For a debug kernel: a hash of everything but the sources that it was built with. @internal */
  recipe?: string | undefined;
  /** `6.12`; `own` for an own kernel. */
  series: string;
  /** @internal */
  flavour: Flavour;
  /** The architecture of the kernel and of the programs in its guests. @internal */
  architecture: Architecture;
  /** The unpacked packages. All paths except `buildDirectory` are below it. @internal */
  directory: string;
  /** A bzImage, or a vmlinux with a PVH note. @internal */
  bootImage: string;
  /** @internal */
  config: string;
  /** `…/usr/lib/modules/<release>`, which contains modules.dep. @internal */
  modulesDirectory: string;
  /** The directory for `make -C` in a tool root that was entered with `kernelBinds`. @internal */
  buildDirectory: string;
  /** Binds for a build, instead of the default that shows `usr/src` at /usr/src. @internal */
  buildBinds?: readonly Bind[] | undefined;
}

/** The manifest, which is written when the tree is complete. */
const manifestSchema = v.object({
  layout: v.literal(layoutVersion),
  release: v.pipe(v.string(), v.regex(/^[\w.+~-]+$/)),
  version: v.string(),
  recipe: v.optional(v.string()),
  architecture: v.optional(v.picklist(['amd64', 'i386']), 'amd64'),
});

export const manifestName = 'kernel.json';

/** The manifest's file name and text. */
export const manifestFor = (facts: Omit<v.InferInput<typeof manifestSchema>, 'layout'>): [string, string] => [
  manifestName,
  `${JSON.stringify({ layout: layoutVersion, ...facts })}\n`,
];

/** The kernel in `directory`; `undefined` if it has none, or one of another layout version. */
export const readKernel = async (row: KernelRow, directory: string): Promise<Kernel | undefined> => {
  const manifest = await readCacheFile(join(directory, manifestName), manifestSchema);
  if (manifest === undefined) return undefined;
  const { release, version, recipe, architecture } = manifest;
  return {
    name: row.name,
    ask: askFor(row),
    release,
    version: recipe === undefined ? version : `${version}.${recipe}`,
    recipe,
    series: row.series,
    flavour: row.flavour,
    architecture,
    directory,
    bootImage: join(directory, 'boot', `vmlinuz-${release}`),
    config: join(directory, 'boot', `config-${release}`),
    modulesDirectory: join(directory, 'usr/lib/modules', release),
    buildDirectory: `/usr/src/linux-headers-${release}`,
  };
};

/** Binds with which the tool root shows `buildDirectory`. */
export const kernelBinds = ({ directory, buildBinds }: Kernel): readonly Bind[] =>
  buildBinds ?? [{ path: join(directory, 'usr/src'), at: '/usr/src' }];
