// Renders an issue about kernels on which a cell or a step got worse since an earlier report.

import { isBad } from '../run/verdict.js';
import { diffReports, isWorse } from './diff.js';
import { escapeMarkdown } from './escape.js';
import { failuresOf } from './failures.js';
import { codeBlock, describeFailure } from './markdown.js';
import type { Report, ReportCell, ReportKernel } from './model.js';

/** Issues have a size limit; the report has the other failures. */
const maxFailures = 15;

/** The name of a cell in `Change.what`. */
const whatOf = ({ scenario, generation }: ReportCell): string => `${scenario}, vmd ${generation}`;

const section = (
  after: Report,
  kernel: ReportKernel,
  newlyBad: ReadonlySet<string>,
  earlier: string | undefined,
): string => {
  const { name, release, version } = kernel;
  const same = earlier === undefined || earlier === version;
  const build = `${release ?? '–'} (${version ?? '–'})${same ? '' : `; the previous report had ${earlier}`}`;
  const steps = kernel.steps
    .filter((step) => newlyBad.has(step.name))
    .map((step) => `**${step.name}**: ${step.verdict}\n\n${codeBlock(step.reasons)}`);
  const cells = after.cells.filter(
    (cell) => cell.kernel === name && isBad(cell) && newlyBad.has(whatOf(cell)),
  );
  const failures = failuresOf(cells);
  const shown = failures.slice(0, maxFailures).map((failure) => describeFailure(after, failure));
  const rest = failures.length > maxFailures ? [`… and ${failures.length - maxFailures} more.`] : [];
  return [`### ${escapeMarkdown(name)}`, escapeMarkdown(build), ...steps, ...shown, ...rest].join('\n\n');
};

/**
 * Markdown; its first line is the title. Empty if nothing got worse. Without `before`, every bad cell counts
 * as worse.
 */
export const renderIssue = (before: Report | undefined, after: Report): string => {
  const empty: Report = { ...after, kernels: [], cells: [] };
  const worse = diffReports(before ?? empty, after).changes.filter(isWorse);
  const kernels = after.kernels.filter(({ name }) => worse.some(({ kernel }) => kernel === name));
  if (kernels.length === 0) return '';
  const sections = kernels.map((kernel) => {
    const newlyBad = new Set(worse.filter((change) => change.kernel === kernel.name).map(({ what }) => what));
    const earlier = before?.kernels.find(({ name }) => name === kernel.name)?.version ?? undefined;
    return section(after, kernel, newlyBad, earlier);
  });
  const title = `Newly broken on ${kernels.map(({ name }) => name).join(', ')}`;
  const summary = `${escapeMarkdown(after.driver)} driver, QEMU ${escapeMarkdown(after.qemu)}, ${escapeMarkdown(after.accelerator)}.`;
  return [title, summary, ...sections, ''].join('\n\n');
};
