// `vmmci kernels`: lists, fetches, builds and removes kernels.

import { ensureKernel, removeKernel } from '../../images/kernels/ensure.js';
import { type KernelStatus, kernelStatus } from '../../images/kernels/status.js';
import { isInAll, type KernelRow, kernelTable } from '../../images/kernels/table.js';
import { findKernel } from '../../images/kernels/tree.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { choose } from '../matrix/select.js';
import { megabytes } from '../report/megabytes.js';
import { columns } from '../report/table.js';
import { defineAction, defineGroup } from './define-command.js';
import { flag } from './option.js';
import { print } from './print.js';
import { progressLines } from './progress-lines.js';

const rowsOf = (names: readonly string[], inAll?: (row: KernelRow) => boolean): KernelRow[] =>
  choose('kernel', names, kernelTable, ({ name }) => name, inAll);

const statusOfRows = (rows = kernelTable): Promise<KernelStatus[]> => Promise.all(rows.map(kernelStatus));

const list = async (names: readonly string[], json: boolean): Promise<void> => {
  const statuses = await statusOfRows(names.length === 0 ? kernelTable : rowsOf(names));
  if (json) {
    process.stdout.write(`${JSON.stringify(statuses, null, 2)}\n`);
    return;
  }
  const rows = statuses.map(({ name, default: isDefault, suite, state, bytes, release, version }) => [
    `${isDefault ? '*' : ' '} ${name}`,
    suite,
    state,
    bytes === 0 ? '' : megabytes(bytes).padStart(8),
    release === null ? '' : `${release} (${version})`,
  ]);
  print(columns(rows));
};

const show = async (names: readonly string[]): Promise<void> => {
  const texts = (await statusOfRows(rowsOf(names))).map((status) => {
    const { name, suite, state, bytes, release, version, why, differs, directory } = status;
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
  print(texts.join('\n\n'));
};

/** `6.12.117-1`, `6.12.110-1 → 6.12.117-1` or `6.12.117-1, unchanged`. */
const change = (before: string | undefined, after: string): string => {
  if (before === undefined) return after;
  return before === after ? `${after}, unchanged` : `${before} → ${after}`;
};

const fetchAll = async (rows: readonly KernelRow[], update: boolean): Promise<void> => {
  const progress = progressLines();
  const root = await ensureToolRoot({ progress });
  for (const row of rows) {
    const before = await findKernel(row);
    const { release, version } = await ensureKernel(row, root, { progress, update });
    print(`${row.name}: ${release} (${change(before?.version, version)})`);
  }
};

/** Builds debug kernels; all others are fetched. */
const buildAll = (names: readonly string[], update: boolean): Promise<void> => {
  const built = kernelTable.filter((row) => !isInAll(row));
  return fetchAll(
    choose('debug kernel', names, built, ({ name }) => name),
    update,
  );
};

const removeAll = async (names: readonly string[]): Promise<void> => {
  for (const row of rowsOf(names)) {
    const removed = await removeKernel(row);
    print(`${row.name}: ${removed ? 'removed' : 'was not in the cache'}`);
  }
};

const several = {
  syntax: '<NAME...>',
  help: "kernels of the table; NAME may contain * and ?; 'all' means all kernels",
} as const;

const packaged = {
  syntax: '<NAME...>',
  help: "kernels of the table; NAME may contain * and ?; 'all' means all except the debug kernels",
};

/** The exit status of an action that succeeds or throws. */
const done = async (work: Promise<void>): Promise<number> => {
  await work;
  return 0;
};

export const command = defineGroup({
  usual: 'list',
  actions: {
    list: defineAction('print the kernel table and the state of each kernel in the cache', {
      operands: [{ ...several, syntax: '[NAME...]' }],
      options: { json: flag('print JSON instead of the table') },
      run: ({ json }, names) => done(list(names, json)),
    }),
    show: defineAction('print why kernels are in the table, what differs on them, and their directories', {
      operands: [several],
      options: {},
      run: (_, names) => done(show(names)),
    }),
    fetch: defineAction('fetch kernels that are not in the cache', {
      operands: [packaged],
      options: { update: flag('fetch the newest build, even if the cache has one') },
      run: ({ update }, names) => done(fetchAll(rowsOf(names, isInAll), update)),
    }),
    update: defineAction('fetch the newest builds that Debian has', {
      operands: [packaged],
      options: {},
      run: (_, names) => done(fetchAll(rowsOf(names, isInAll), true)),
    }),
    build: defineAction('build debug kernels that are not in the cache, from the sources of Debian', {
      operands: [{ syntax: '<NAME...>', help: "debug kernels of the table, or 'all'" }],
      options: { update: flag('build the newest sources that Debian has') },
      notes: [
        'A build takes a quarter of an hour on 2 cores. After an interruption the same command resumes it.',
      ],
      run: ({ update }, names) => done(buildAll(names, update)),
    }),
    remove: defineAction('remove kernels from the cache', {
      operands: [several],
      options: {},
      run: (_, names) => done(removeAll(names)),
    }),
  },
  notes: [
    '* marks the default kernel.',
    'To use your own kernel, fetch nothing: vmmci matrix --kernel dir:PATH',
  ],
});
