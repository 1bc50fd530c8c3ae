// Text for an issue about kernels on which something has newly gone wrong.
import { isBad } from '../run/verdict.js';
import { diffReports, isWorse } from './diff.js';
import { escapeMarkdown } from './escape.js';
import { failuresOf } from './failures.js';
import { codeBlock, describeFailure } from './markdown.js';
import type { Report, ReportCell, ReportKernel } from './model.js';

/** An issue has a size limit; the rest is in the report. */
const maxFailures = 15;

/** As `diff` names a cell. */
const whatOf = ({ scenario, generation }: ReportCell): string => `${scenario}, vmd ${generation}`;

const section = (
  after: Report,
  kernel: ReportKernel,
  news: ReadonlySet<string>,
  earlier: string | undefined,
): string => {
  const { name, release, version } = kernel;
  const same = earlier === undefined || earlier === version;
  const build = `${release ?? '–'} (${version ?? '–'})${same ? '' : `; the report before had ${earlier}`}`;
  const steps = kernel.steps
    .filter((step) => news.has(step.name))
    .map((step) => `**${step.name}**: ${step.verdict}\n\n${codeBlock(step.reasons)}`);
  const cells = after.cells.filter((cell) => cell.kernel === name && isBad(cell) && news.has(whatOf(cell)));
  const failures = failuresOf(cells);
  const shown = failures.slice(0, maxFailures).map((failure) => describeFailure(after, failure));
  const rest = failures.length > maxFailures ? [`… and ${failures.length - maxFailures} more.`] : [];
  return [`### ${escapeMarkdown(name)}`, escapeMarkdown(build), ...steps, ...shown, ...rest].join('\n\n');
};

/** Markdown whose first line is the title; empty when nothing got worse. Without `before`, all that is bad is new. */
export const renderIssue = (before: Report | undefined, after: Report): string => {
  const nothing: Report = { ...after, kernels: [], cells: [] };
  const worse = diffReports(before ?? nothing, after).changes.filter(isWorse);
  const kernels = after.kernels.filter(({ name }) => worse.some(({ kernel }) => kernel === name));
  if (kernels.length === 0) return '';
  const sections = kernels.map((kernel) => {
    const news = new Set(worse.filter((change) => change.kernel === kernel.name).map(({ what }) => what));
    const earlier = before?.kernels.find(({ name }) => name === kernel.name)?.version ?? undefined;
    return section(after, kernel, news, earlier);
  });
  const title = `Newly broken on ${kernels.map(({ name }) => name).join(', ')}`;
  const account = `${escapeMarkdown(after.driver)} driver, QEMU ${escapeMarkdown(after.qemu)}, ${escapeMarkdown(after.accelerator)}.`;
  return [title, account, ...sections, ''].join('\n\n');
};
