// `vmmci cache`: what is kept between runs, how large it is, and getting rid of it.
import { cacheDirectory } from '../base/cache/directory.js';
import { chooseShelves, clearShelf, shelves, takeStock } from '../base/cache/inventory.js';
import { limitVariable, snapshotLimit } from '../qemu/snapshot-limit.js';
import { megabytes } from '../report/megabytes.js';
import { columns } from '../report/table.js';
import { defineAction, defineGroup } from './define-command.js';
import { flag } from './option.js';

const list = async (json: boolean): Promise<void> => {
  const stock = await takeStock();
  const total = stock.reduce((sum, { bytes }) => sum + bytes, 0);
  if (json) {
    const facts = {
      directory: cacheDirectory(),
      bytes: total,
      snapshotLimit: snapshotLimit(),
      shelves: stock,
    };
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
    return;
  }
  const rows = stock.map(({ name, what, entries, bytes }) => [
    name,
    megabytes(bytes).padStart(8),
    String(entries).padStart(4),
    what,
  ]);
  process.stdout.write(
    `${cacheDirectory()}\n${columns([...rows, ['total', megabytes(total).padStart(8)]])}\n`,
  );
};

const clean = async (names: readonly string[]): Promise<void> => {
  const chosen = names.includes('all')
    ? shelves
    : names.length === 0
      ? shelves.filter(({ remade }) => remade)
      : chooseShelves(names);
  const sizes = new Map((await takeStock()).map(({ name, bytes }) => [name, bytes]));
  const there = chosen.filter(({ name }) => sizes.has(name));
  if (there.length === 0) process.stdout.write('there is nothing to remove\n');
  for (const shelf of there) {
    await clearShelf(shelf);
    process.stdout.write(`${shelf.name}: removed ${megabytes(sizes.get(shelf.name) ?? 0)}\n`);
  }
};

const named = (fits: (shelf: (typeof shelves)[number]) => boolean): string =>
  shelves
    .filter(fits)
    .map(({ name }) => name)
    .join(', ');

export const command = defineGroup({
  usual: 'list',
  actions: {
    list: defineAction('what is in the cache, with sizes', {
      options: { json: flag('print JSON in place of the table') },
      run: async ({ json }) => {
        await list(json);
        return 0;
      },
    }),
    clean: defineAction('remove entries', {
      operands: [
        {
          syntax: '[NAME...]',
          help: `remove these; 'all' removes everything (default: those that can be rebuilt offline, ${named(({ remade }) => remade)})`,
        },
      ],
      options: {},
      notes: [`${named(({ remade }) => !remade)} are fetched again when they are needed.`],
      run: async (_, names) => {
        await clean(names);
        return 0;
      },
    }),
  },
  notes: [`Least recently used snapshots are evicted above ${limitVariable} MiB (6144).`],
});
