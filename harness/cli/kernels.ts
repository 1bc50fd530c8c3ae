// `vmmci kernels`: which kernels there are, which are in the cache; fetching and removing them.

import { parseArgs } from 'node:util';
import { ensureKernel, findKernel, removeKernel } from '../../images/kernels/ensure.js';
import { type KernelStock, takeKernelStock } from '../../images/kernels/stock.js';
import { kernelTable } from '../../images/kernels/table.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { HarnessError } from '../base/errors.js';
import { choose } from '../matrix/select.js';
import { megabytes } from '../report/megabytes.js';
import { columns } from '../report/table.js';
import { progressLines } from './progress-lines.js';

export const summary = 'list, fetch, update and remove kernels';

const usage = `usage: vmmci kernels [--json]              the table, and what is in the cache
       vmmci kernels show NAME…             why they are in the table, what differs on them, where they are
       vmmci kernels fetch NAME…            into the cache, if they are not there
       vmmci kernels update NAME…           the newest builds that Debian has (also: fetch --update)
       vmmci kernels remove NAME…
NAME may have * and ? in it; 'all' stands for all of the table. The kernel marked * is taken when nothing is said.
A kernel of your own needs no fetching: vmmci matrix --kernel dir:PATH
`;

const options = {
  json: { type: 'boolean' },
  update: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

interface Flags {
  json?: boolean | undefined;
  update?: boolean | undefined;
}

const rowsOf = (action: string, names: readonly string[]) => {
  if (names.length === 0) {
    throw new HarnessError('USAGE', {
      reason: `vmmci kernels ${action} needs the NAME of a kernel, or 'all'`,
    });
  }
  return choose('kernel', names, kernelTable, ({ name }) => name);
};

const takeStock = (rows = kernelTable): Promise<KernelStock[]> => Promise.all(rows.map(takeKernelStock));

const list = async (names: readonly string[], { json }: Flags): Promise<void> => {
  const stock = await takeStock(names.length === 0 ? kernelTable : rowsOf('list', names));
  if (json) {
    process.stdout.write(`${JSON.stringify(stock, null, 2)}\n`);
    return;
  }
  const rows = stock.map(({ name, default: isDefault, suite, state, bytes, release, version }) => [
    `${isDefault ? '*' : ' '} ${name}`,
    suite,
    state,
    bytes === 0 ? '' : megabytes(bytes).padStart(8),
    release === null ? '' : `${release} (${version})`,
  ]);
  process.stdout.write(`${columns(rows)}\n`);
};

const show = async (names: readonly string[]): Promise<void> => {
  const texts = (await takeStock(rowsOf('show', names))).map((stock) => {
    const { name, suite, state, bytes, release, version, why, differs, directory } = stock;
    const rows: (readonly [string, string | null])[] = [
      ['kernel', name],
      ['why', why],
      ['differs', differs],
      ['suite', suite],
      ['state', state],
      ['release', release],
      ['package', version],
      ['size', bytes === 0 ? null : megabytes(bytes)],
      ['directory', directory],
    ];
    return columns(rows.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  });
  process.stdout.write(`${texts.join('\n\n')}\n`);
};

/** `6.12.117-1`, `6.12.110-1 → 6.12.117-1`, `6.12.117-1, as before`. */
const change = (before: string | undefined, after: string): string => {
  if (before === undefined) return after;
  return before === after ? `${after}, as before` : `${before} → ${after}`;
};

const fetchAll = async (names: readonly string[], { update }: Flags): Promise<void> => {
  const progress = progressLines();
  const rows = rowsOf('fetch', names);
  const root = await ensureToolRoot({ progress });
  for (const row of rows) {
    const before = await findKernel(row);
    const { release, version } = await ensureKernel(row, root, { progress, update });
    process.stdout.write(`${row.name}: ${release} (${change(before?.version, version)})\n`);
  }
};

const removeAll = async (names: readonly string[]): Promise<void> => {
  for (const row of rowsOf('remove', names)) {
    const removed = await removeKernel(row);
    process.stdout.write(`${row.name}: ${removed ? 'removed' : 'was not in the cache'}\n`);
  }
};

const actions: Readonly<Record<string, (names: readonly string[], flags: Flags) => Promise<void>>> = {
  list,
  show,
  fetch: fetchAll,
  update: (names) => fetchAll(names, { update: true }),
  remove: removeAll,
};

/** The exit status: 0. Errors are thrown. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [name = 'list', ...names] = positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) {
    throw new HarnessError('USAGE', {
      reason: `vmmci kernels has no action '${name}'; actions: ${Object.keys(actions).join(', ')}`,
    });
  }
  await action(names, values);
  return 0;
};
