// Generates docs/requirements.md from the table of requirements.

import { generationNames } from '../vmmci/generations.js';
import { type RegisterName, registers } from '../vmmci/registers.js';
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

/** The registers that a driver uses, by their names on the page. */
const registerNames = {
  'host features': 'hostFeatures',
  'guest features': 'guestFeatures',
  status: 'status',
  ISR: 'isr',
  command: 'command',
  seconds: 'secondsLow',
  'seconds, high word': 'secondsHigh',
  microseconds: 'microsecondsLow',
  'microseconds, high word': 'microsecondsHigh',
} as const satisfies Record<string, RegisterName>;

const registerRows = Object.entries(registerNames).map(([name, key]) => {
  const { offset, size } = registers[key];
  return `| ${name} | ${offset} | ${8 * size} |`;
});

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
      'A `must` or a `should` that is not met fails the scenario; `level` in vmmci-driver.json, or `--level must|should|may`, selects another lowest level.',
    'The requirements are those of vmd(8) of OpenBSD on the driver of its device vmmci, and those of Linux on any driver. ' +
      'A *stop* is the command SHUTDOWN or REBOOT. A *sample* is the time that the device stores when the seconds are read.',
    ['| register | BAR0 offset | bits |', '|---|--:|--:|', ...registerRows].join('\n'),
    ...sections,
  ].join('\n\n')}\n`;
};
