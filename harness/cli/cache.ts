// `vmmci cache`: what is kept between runs, how large it is, and getting rid of it.
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../base/cache/directory.js';
import { chooseShelves, clearShelf, shelves, takeStock } from '../base/cache/inventory.js';
import { HarnessError } from '../base/errors.js';
import { limitVariable, snapshotLimit } from '../qemu/snapshot-limit.js';
import { megabytes } from '../report/megabytes.js';
import { columns } from '../report/table.js';

export const summary = 'list what is kept between runs, and remove it';

const usage = `usage: vmmci cache [--json]          what is in the cache, with sizes
       vmmci cache clean             remove what is made again without the network: ${shelves
         .filter(({ remade }) => remade)
         .map(({ name }) => name)
         .join(', ')}
       vmmci cache clean NAME…       remove these (${shelves
         .filter(({ remade }) => !remade)
         .map(({ name }) => name)
         .join(', ')} are fetched again when they are wanted)
       vmmci cache clean all         remove everything
Snapshots that were not used for longest go by themselves when there are more than ${limitVariable} MiB of them (6144).
`;

const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

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

/** The exit status: 0. Errors are thrown. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [action = 'list', ...names] = positionals;
  if (action === 'clean') await clean(names);
  else if (action === 'list' && names.length === 0) await list(values.json ?? false);
  else
    throw new HarnessError('USAGE', {
      reason: `vmmci cache has no action '${action}'; actions: list, clean`,
    });
  return 0;
};
