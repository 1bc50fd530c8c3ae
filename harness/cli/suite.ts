// `vmmci suite`: the tests of a tier, through tap, and a table of what the scenarios came to.
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { packageRoot } from '../../images/asset.js';
import { HarnessError } from '../errors.js';
import { readResults } from '../report/results.js';
import { renderTable } from '../report/table.js';
import { openEnvironment } from '../scenario/environment.js';
import { progressLines } from './progress-lines.js';
import { applyRunOptions, runOptions, runOptionsUsage } from './run-options.js';

export const summary = 'run the tests of one or more tiers';

const compiled = (...path: string[]): string => join(packageRoot(), 'dist', ...path);

const filesBelow = async (directory: string, fits: (name: string) => boolean): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true });
  return entries
    .filter(fits)
    .map((name) => join(directory, name))
    .sort();
};

const isUnit = (name: string): boolean => name.endsWith('.test.js') && !name.endsWith('.qtest.test.js');

/** Where the tests of each tier are. A tier without any is an error: a run of nothing must not be green. */
const tiers: Readonly<Record<string, () => Promise<string[]>>> = {
  unit: async () => [
    ...(await filesBelow(compiled('harness'), isUnit)),
    ...(await filesBelow(compiled('images'), isUnit)),
  ],
  qtest: () => filesBelow(compiled('harness'), (name) => name.endsWith('.qtest.test.js')),
  guest: () => filesBelow(compiled('scenarios'), (name) => /^[\w-]+\.js$/.test(name)),
};

const names = Object.keys(tiers).join(', ');

const usage = `usage: vmmci suite TIER… [--kernel NAME] [--driver DIR] [--qemu PATH] [--jobs N] [--keep]
  TIER            ${names}
${runOptionsUsage}  --jobs N        test files at once; the number of processors when not given
  --only WORD     only files with WORD in their name
`;

const options = { ...runOptions, jobs: { type: 'string' }, only: { type: 'string' } } as const;

const jobsOption = (value: string | undefined): number => {
  if (value === undefined) return availableParallelism();
  if (!/^[1-9]\d?$/.test(value)) {
    throw new HarnessError('USAGE', { reason: `--jobs: '${value}' is not a number from 1 to 99` });
  }
  return Number(value);
};

const tapArguments = (jobs: number): string[] => [
  join(packageRoot(), 'node_modules/tap/dist/esm/run.mjs'),
  '--disable-coverage',
  '--allow-empty-coverage',
  `--jobs=${jobs}`,
  '--timeout=300',
];

/** The exit status: 0 when all passed, else 1. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const jobs = jobsOption(values.jobs);
  const chosen = positionals.length === 0 ? ['unit'] : positionals;
  const unknown = chosen.find((name) => !Object.hasOwn(tiers, name));
  if (unknown !== undefined)
    throw new HarnessError('USAGE', { reason: `no tier '${unknown}'; valid: ${names}` });
  const directory = await applyRunOptions(values);

  const guest = chosen.includes('guest');
  const environment = guest ? await openEnvironment(progressLines()) : undefined;
  const found = (await Promise.all(chosen.map((name) => tiers[name]?.() ?? []))).flat();
  const files = found.filter((file) => values.only === undefined || file.includes(values.only));
  if (files.length === 0)
    throw new HarnessError('USAGE', { reason: `no test file matches '${values.only}'` });
  const { exitCode } = await execa(process.execPath, [...tapArguments(jobs), ...files], {
    cwd: packageRoot(),
    stdio: 'inherit',
    reject: false,
  });
  if (environment) {
    const { name, reason } = environment.accelerator;
    process.stdout.write(`\n${renderTable(await readResults(directory), `${name} (${reason})`)}\n`);
  }
  return exitCode === 0 ? 0 : 1;
};
