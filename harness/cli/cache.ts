// `vmmci cache`: lists the folders of the cache with their sizes, and clears them.

import { cachePath } from '../base/cache/directory.js';
import {
  type CacheFolder,
  cacheFolders,
  chooseFolders,
  clearFolders,
  measureCache,
} from '../base/cache/inventory.js';
import { limitVariable, snapshotLimit } from '../qemu/snapshot-limit.js';
import { megabytes } from '../report/megabytes.js';
import { columns } from '../report/table.js';
import { defineAction, defineGroup } from './define-command.js';
import { flag } from './option.js';
import { print } from './print.js';

const list = async (json: boolean): Promise<void> => {
  const usages = await measureCache();
  const total = usages.reduce((sum, { bytes }) => sum + bytes, 0);
  if (json) {
    const facts = {
      directory: cachePath(),
      bytes: total,
      snapshotLimit: snapshotLimit(),
      folders: usages,
    };
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
    return;
  }
  const rows = usages.map(({ name, what, entries, bytes }) => [
    name,
    megabytes(bytes).padStart(8),
    String(entries).padStart(4),
    what,
  ]);
  print(`${cachePath()}\n${columns([...rows, ['total', megabytes(total).padStart(8)]])}`);
};

const clean = async (names: readonly string[]): Promise<void> => {
  const chosen = names.includes('all')
    ? cacheFolders
    : names.length === 0
      ? cacheFolders.filter(({ rebuiltOffline }) => rebuiltOffline)
      : chooseFolders(names);
  const usages = (await measureCache()).filter((usage) => chosen.some(({ name }) => name === usage.name));
  await clearFolders(usages);
  for (const { name, bytes } of usages) print(`${name}: removed ${megabytes(bytes)}`);
  if (usages.length === 0) print('nothing to remove');
};

const namesOf = (isChosen: (folder: CacheFolder) => boolean): string =>
  cacheFolders
    .filter(isChosen)
    .map(({ name }) => name)
    .join(', ');

export const command = defineGroup({
  usual: 'list',
  actions: {
    list: defineAction('list the folders of the cache with their sizes', {
      options: { json: flag('print JSON instead of the table') },
      run: async ({ json }) => {
        await list(json);
        return 0;
      },
    }),
    clean: defineAction('remove entries that no other vmmci process uses', {
      operands: [
        {
          syntax: '[NAME...]',
          help: `folders to clear; 'all' removes everything (default: those that can be rebuilt offline: ${namesOf(({ rebuiltOffline }) => rebuiltOffline)})`,
        },
      ],
      options: {},
      notes: [`${namesOf(({ rebuiltOffline }) => !rebuiltOffline)} are fetched again when they are needed.`],
      run: async (_, names) => {
        await clean(names);
        return 0;
      },
    }),
  },
  notes: [`Least recently used snapshots are evicted above ${limitVariable} MiB (6144).`],
});
