// What `vmmci transcript` prints of a driver that did not come to the end of the transcript.

import { firstLine, shorten } from '../base/text.js';
import { causeLines } from '../report/explained.js';
import type { ScenarioResult } from '../run/result.js';

/** So many reasons are shown; result.json has all of them. */
const maxReasons = 3;
const maxLength = 160;

/** The verdict with the reasons and causes, one line each, and where the rest is. */
export const transcriptFailure = ({
  verdict,
  reasons,
  causes = [],
  directory,
}: Pick<ScenarioResult, 'verdict' | 'reasons' | 'causes' | 'directory'>): string => {
  const [first = '', ...others] = reasons.slice(0, maxReasons).map(firstLine);
  const more = reasons.length - maxReasons;
  return [
    `${verdict}: ${first}`,
    ...others.map((line) => `  ${line}`),
    ...(more > 0 ? [`  … ${more} more reasons`] : []),
    ...causeLines({ causes }).map((line) => `  ${line}`),
  ]
    .map((line) => shorten(line, maxLength))
    .concat(`  artifacts: ${directory}`)
    .join('\n');
};
