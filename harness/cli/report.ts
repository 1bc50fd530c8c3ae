// `vmmci report`: merges, compares and renders the reports of earlier runs.

import { cp, lstat, readdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { makeDirectory } from '../base/make-directory.js';
import { replaceFile } from '../base/write-file.js';
import { selectKernels } from '../matrix/select.js';
import { exitStatusOf } from '../report/counts.js';
import { diffReports, isLost, isWorse, renderDiff } from '../report/diff.js';
import { renderDriverIssue } from '../report/driver-issue.js';
import { noEvidence, readEvidence } from '../report/evidence.js';
import { renderIssue } from '../report/issue.js';
import { mergeReports } from '../report/merge.js';
import { readReport, reportFile } from '../report/model.js';
import { renderMatrix } from '../report/terminal.js';
import { reportFiles, writeReports } from '../report/write.js';
import { defineAction, defineGroup } from './define-command.js';
import { list, needed, value } from './option.js';
import { note, print } from './print.js';

const generatedFiles = new Set<string>([reportFile, ...Object.values(reportFiles)]);

/** Sockets and FIFOs cannot be copied, and are not artifacts. */
const isArtifact = async (path: string): Promise<boolean> => {
  const found = await lstat(path);
  return found.isFile() || found.isDirectory() || found.isSymbolicLink();
};

/**
 * Copies everything except the reports. Files that several parts have, such as build logs, are overwritten.
 */
const copyArtifacts = async (from: string, to: string): Promise<void> => {
  for (const name of await readdir(from))
    if (!generatedFiles.has(name))
      await cp(join(from, name), join(to, name), { recursive: true, filter: isArtifact });
};

const merge = async (
  directories: readonly string[],
  output: string,
  kernels: readonly string[],
): Promise<number> => {
  const target = resolve(output);
  // Its artifacts would be copied into themselves.
  const outer = directories.find((directory) => target.startsWith(resolve(directory) + sep));
  if (outer !== undefined)
    throw new HarnessError('INVALID_VALUE', {
      name: '--output',
      expected: `a directory that is not below ${outer}`,
      value: output,
    });
  const parts = await Promise.all(
    directories.map(async (directory) => ({ directory, report: await readReport(directory) })),
  );
  const expected = kernels.length === 0 ? [] : selectKernels(kernels).map(({ name }) => name);
  const report = mergeReports(parts, expected);
  makeDirectory(target);
  for (const { directory } of parts)
    if (resolve(directory) !== target) await copyArtifacts(directory, target);
  await writeReports(target, report);
  print(renderMatrix(report));
  const status = exitStatusOf(report);
  return status === 0 && report.cut !== null ? 3 : status;
};

const diff = async (before: string, after: string, issue: string | undefined): Promise<number> => {
  const [old, now] = await Promise.all([readReport(before), readReport(after)]);
  const found = diffReports(old, now);
  print(renderDiff(found));
  const text = renderIssue(old, now);
  if (issue !== undefined && text !== '') await replaceFile(issue, text);
  return found.changes.some((change) => isWorse(change) || isLost(change)) ? 1 : 0;
};

const render = async (directory: string): Promise<number> => {
  const report = await readReport(directory);
  await writeReports(directory, report);
  return 0;
};

/** Writes the issue to `output`, or to standard output. */
const issue = async (directory: string, output: string | undefined): Promise<number> => {
  const report = await readReport(directory);
  const text = await renderDriverIssue(report, async ({ directory: cell }) =>
    cell === null ? noEvidence : readEvidence(join(directory, cell)),
  );
  if (text === '') note('the driver did not fail: there is nothing to report');
  else if (output === undefined) print(text.trimEnd());
  else await replaceFile(output, text);
  return exitStatusOf(report);
};

const directoryOf = 'the output directory of a run';

/** Exit status: merge as matrix, and 3 if a part is missing; diff 1 if a result got worse or is missing. */
export const command = defineGroup({
  actions: {
    merge: defineAction('merge the reports and artifacts of several runs', {
      operands: [{ syntax: '<DIR...>', help: 'output directories of runs' }],
      options: {
        output: needed('DIR', 'write the merged report to DIR; created if it is missing'),
        kernel: list('PATTERN', 'fail if one of these kernels has no report'),
      },
      run: ({ output, kernel }, directories) => merge(directories, output, kernel),
    }),
    diff: defineAction('print the changes; exit status 1 if a result got worse', {
      operands: [
        { syntax: '<BEFORE>', help: directoryOf },
        { syntax: '<AFTER>', help: directoryOf },
      ],
      options: {
        issue: value('FILE', 'write an issue about results that got worse to FILE, if there are any'),
      },
      run: ({ issue }, [before = '', after = '']) => diff(before, after, issue),
    }),
    issue: defineAction('write an issue for the author of the driver; exit status as for vmmci matrix', {
      operands: [{ syntax: '<DIR>', help: directoryOf }],
      options: { output: value('FILE', 'write to this file', { shown: 'standard output' }) },
      run: ({ output }, [directory = '']) => issue(directory, output),
    }),
    render: defineAction('rewrite JUnit, Markdown and HTML from report.json', {
      operands: [{ syntax: '<DIR>', help: directoryOf }],
      options: {},
      run: (_, [directory = '']) => render(directory),
    }),
  },
});
