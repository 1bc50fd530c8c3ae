// `vmmci kernels`: which kernels there are, which are in the cache; fetching and removing them.

import { parseArgs } from 'node:util';
import { ensureKernel, findKernel, removeKernel } from '../../images/kernels/ensure.js';
import { defaultKernelName, kernelRow, kernelTable } from '../../images/kernels/table.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { HarnessError } from '../errors.js';
import { progressLines } from './progress-lines.js';

export const summary = 'list, fetch, update and remove kernels';

const usage = `usage: vmmci kernels [--json]              the table, and what is in the cache
       vmmci kernels fetch NAME…            into the cache, if it is not there
       vmmci kernels fetch --update NAME…   the newest build that Debian has
       vmmci kernels remove NAME…
NAME 'all' stands for all of the table.
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
  return names.includes('all') ? kernelTable : names.map(kernelRow);
};

const list = async (_names: readonly string[], { json }: Flags): Promise<void> => {
  const rows = await Promise.all(
    kernelTable.map(async (row) => {
      const kernel = await findKernel(row);
      return {
        ...row,
        default: row.name === defaultKernelName,
        release: kernel?.release ?? null,
        version: kernel?.version ?? null,
        directory: kernel?.directory ?? null,
      };
    }),
  );
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  for (const row of rows) {
    const name = `${row.default ? '*' : ' '} ${row.name}`.padEnd(15);
    const state = row.version === null ? '-' : `${row.release} (${row.version})`;
    process.stdout.write(`${name} ${row.suite.padEnd(18)} ${state}\n`);
  }
};

const fetchAll = async (names: readonly string[], { update }: Flags): Promise<void> => {
  const progress = progressLines();
  const rows = rowsOf('fetch', names);
  const root = await ensureToolRoot({ progress });
  for (const row of rows) {
    const { release, version } = await ensureKernel(row, root, { progress, update });
    process.stdout.write(`${row.name}: ${release} (${version})\n`);
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
  fetch: fetchAll,
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
  const action = actions[name];
  if (!action) {
    throw new HarnessError('USAGE', {
      reason: `vmmci kernels has no action '${name}'; actions: ${Object.keys(actions).join(', ')}`,
    });
  }
  await action(names, values);
  return 0;
};
