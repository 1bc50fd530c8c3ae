// Builds a driver from changed sources, in a tree that is kept for the next change.

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildInTree, type ModuleSet } from '../../images/kernels/build.js';
import { listSources } from '../../images/kernels/module-sources.js';
import { systemCode } from '../base/thrown.js';
import { descriptionFile } from '../driver/description.js';
import { transcriptFile } from '../driver/stored-transcript.js';
import type { Environment } from './environment.js';

/** The sources of a driver by name. */
export const readSources = async (directory: string): Promise<Map<string, string>> => {
  const files = await listSources(directory);
  const texts = files.map(async ({ name }) => [name, await readFile(join(directory, name), 'utf8')] as const);
  return new Map(await Promise.all(texts));
};

/** The build tree of a slot. */
export const treeOf = (slot: string): string => join(slot, 'tree');

/**
 * Writes the sources to `directory`, with the description and the transcript of the driver, and builds them
 * in the tree of `slot`. Rejects as `buildInTree` does.
 */
export const buildChanged = async (
  { kernel, root, choice }: Pick<Environment, 'kernel' | 'root' | 'choice'>,
  sources: ReadonlyMap<string, string>,
  directory: string,
  slot: string,
  signal: AbortSignal,
): Promise<ModuleSet> => {
  for (const [path, text] of sources) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  // A known driver has no description of its own, and not every driver has a transcript.
  for (const name of [descriptionFile, transcriptFile])
    await cp(join(choice.driver, name), join(directory, name)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
  return buildInTree(kernel, root, directory, treeOf(slot), signal);
};
