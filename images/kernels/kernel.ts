// A kernel in the cache.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  series: string;
  flavour: Flavour;
  /** The unpacked packages; all paths but buildDirectory lie below it. */
  directory: string;
  /** The bzImage. */
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
export interface KernelManifest {
  layout: number;
  release: string;
  version: string;
}

const manifestPath = (directory: string): string => join(directory, 'kernel.json');

export const manifestFor = (release: string, version: string): [string, string] => [
  'kernel.json',
  `${JSON.stringify({ layout: layoutVersion, release, version } satisfies KernelManifest)}\n`,
];

/** The kernel in `directory`; `undefined` if there is none, or one of another layout. */
export const readKernel = async (row: KernelRow, directory: string): Promise<Kernel | undefined> => {
  const text = await readFile(manifestPath(directory), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { layout, release, version } = JSON.parse(text) as KernelManifest;
  if (layout !== layoutVersion) return undefined;
  return {
    name: row.name,
    ask: askFor(row),
    release,
    version,
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
