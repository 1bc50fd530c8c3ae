// `vmmci report`: reports of earlier runs, joined and compared.
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HarnessError } from '../base/errors.js';
import { selectKernels } from '../matrix/select.js';
import { exitStatusOf } from '../report/counts.js';
import { diffReports, isLost, isWorse, renderDiff } from '../report/diff.js';
import { renderIssue } from '../report/issue.js';
import { mergeReports } from '../report/merge.js';
import { readReport, reportFile } from '../report/model.js';
import { renderMatrix } from '../report/terminal.js';
import { reportFiles, writeReports } from '../report/write.js';

export const summary = 'join the reports of shards, compare those of two runs';

const usage = `usage: vmmci report merge --output DIR [--kernel PATTERN]… DIR…   one report, with the artifacts, of several
       vmmci report diff [--issue FILE] BEFORE AFTER             what changed; exit status 1 if something got worse
       vmmci report render DIR                                   JUnit, Markdown and HTML anew from report.json
  --output DIR      where the joined report goes; made if it is missing
  --kernel PATTERN  kernels of which there must be a report: one that is missing is told
  --issue FILE      write text for an issue about what got worse; not written when nothing did
`;

const options = {
  output: { type: 'string' },
  kernel: { type: 'string', multiple: true },
  issue: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

interface Flags {
  readonly output?: string | undefined;
  readonly kernel?: string[] | undefined;
  readonly issue?: string | undefined;
}

const own = new Set<string>([reportFile, ...Object.values(reportFiles)]);

/** Everything but the reports; what two parts have both (build logs) is the later's. */
const copyArtifacts = async (from: string, to: string): Promise<void> => {
  for (const name of await readdir(from))
    if (!own.has(name)) await cp(join(from, name), join(to, name), { recursive: true });
};

const merge = async (directories: readonly string[], { output, kernel }: Flags): Promise<number> => {
  if (output === undefined || directories.length === 0)
    throw new HarnessError('USAGE', {
      reason: 'vmmci report merge needs --output DIR and the directories to merge',
    });
  const target = resolve(output);
  const parts = await Promise.all(
    directories.map(async (directory) => ({ directory, report: await readReport(directory) })),
  );
  const expected = kernel === undefined ? [] : selectKernels(kernel).map(({ name }) => name);
  const report = mergeReports(parts, expected);
  await mkdir(target, { recursive: true });
  for (const { directory } of parts)
    if (resolve(directory) !== target) await copyArtifacts(directory, target);
  await writeReports(target, report);
  process.stdout.write(`${renderMatrix(report)}\n`);
  const status = exitStatusOf(report);
  return status === 0 && report.cut !== null ? 3 : status;
};

const diff = async ([before, after, ...more]: readonly string[], { issue }: Flags): Promise<number> => {
  if (before === undefined || after === undefined || more.length > 0)
    throw new HarnessError('USAGE', { reason: 'vmmci report diff needs two directories: BEFORE and AFTER' });
  const [old, now] = await Promise.all([readReport(before), readReport(after)]);
  const found = diffReports(old, now);
  process.stdout.write(`${renderDiff(found)}\n`);
  const text = renderIssue(old, now);
  if (issue !== undefined && text !== '') await writeFile(issue, text);
  return found.changes.some((change) => isWorse(change) || isLost(change)) ? 1 : 0;
};

const render = async ([directory, ...more]: readonly string[]): Promise<number> => {
  if (directory === undefined || more.length > 0)
    throw new HarnessError('USAGE', { reason: 'vmmci report render needs one directory' });
  const report = await readReport(directory);
  await writeReports(directory, report);
  return 0;
};

const actions: Readonly<Record<string, (directories: readonly string[], flags: Flags) => Promise<number>>> = {
  merge,
  diff,
  render,
};

/** The exit status: merge as matrix, and 3 when a part is missing; diff 1 when something got worse or lost. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [name, ...directories] = positionals;
  if (values.help || name === undefined) {
    process.stdout.write(usage);
    return values.help ? 0 : 2;
  }
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    throw new HarnessError('USAGE', {
      reason: `vmmci report has no action '${name}'; actions: ${Object.keys(actions).join(', ')}`,
    });
  }
  return action(directories, values);
};
