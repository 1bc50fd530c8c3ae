// Generates docs/requirements.md from the table of requirements.

import { generationNames } from '../vmmci/generations.js';
import { type Level, levels, type Requirement, requirements } from './requirements.js';

const headings: Readonly<Record<Level, string>> = {
  must: '`must`: a real host ends the VM, data is lost, or the guest shows a wrong time',
  should: '`should`: robustness of a careful driver',
  may: '`may`: a matter of taste, shown as advice',
};

const hostsOf = ({ from, to }: Requirement): string => {
  if (from !== undefined && to !== undefined) return `OpenBSD ${from} to ${to}`;
  if (from !== undefined) return `OpenBSD ${from} and later`;
  if (to !== undefined) return `OpenBSD ${to} and earlier`;
  return `all, from OpenBSD ${generationNames[0]} on`;
};

const sectionOf = (id: string, requirement: Requirement): string =>
  [
    `### ${id}`,
    requirement.sentence,
    [
      `- **Otherwise:** ${requirement.otherwise}`,
      `- **What to do:** ${requirement.remedy}`,
      `- **Hosts:** ${hostsOf(requirement)}`,
      `- **Source:** ${requirement.source}`,
    ].join('\n'),
  ].join('\n\n');

/** The whole page, as Markdown that ends with a newline. */
export const requirementsPage = (): string => {
  const all = Object.entries<Requirement>(requirements);
  const sections = levels.flatMap((level) => [
    `## ${headings[level]}`,
    ...all.filter(([, one]) => one.level === level).map(([id, one]) => sectionOf(id, one)),
  ]);
  const counted = levels.map(
    (level) => `${all.filter(([, one]) => one.level === level).length} \`${level}\``,
  );
  return `${[
    '# Requirements on a driver',
    'Generated from harness/diagnosis/requirements.ts by `npm run docs:requirements`; do not edit it.',
    `Each check of each scenario belongs to one of these ${all.length} requirements: ${counted.join(', ')}. ` +
      'A `must` or a `should` that is not met fails the scenario; `--level must|should|may` moves the line.',
    ...sections,
  ].join('\n\n')}\n`;
};
