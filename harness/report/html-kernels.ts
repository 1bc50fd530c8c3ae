// The kernel table of the HTML report, and the details of steps that went wrong.

import { escapeMarkup as e } from './escape.js';
import { block } from './html-text.js';
import { htmlMark } from './marks.js';
import { type ReportKernel, type ReportStep, stepNames } from './model.js';

const stepCell = (step: ReportStep | undefined): string =>
  step === undefined ? '<td></td>' : `<td class="${step.verdict}">${htmlMark(step)}</td>`;

export const kernelTable = (kernels: readonly ReportKernel[]): string => {
  const head = ['kernel', 'release', 'package', 'suite', ...stepNames, 'special about it'];
  const rows = kernels.map(({ name, release, version, suite, steps, differs }) => {
    const texts = [name, release ?? '–', version ?? '–', suite].map((text) => `<td>${e(text)}</td>`);
    const done = stepNames.map((step) => stepCell(steps.find((found) => found.name === step)));
    return `<tr>${texts.join('')}${done.join('')}<td class="prose">${e(differs)}</td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
};

/** Steps that did not pass at the first attempt. `buildLog` returns the lines of a kernel's build log. */
export const stepDetails = (
  kernels: readonly ReportKernel[],
  buildLog: (kernel: string) => readonly string[],
): string =>
  kernels
    .flatMap(({ name, steps }) =>
      steps
        .filter(({ verdict, retried }) => verdict !== 'passed' || retried.length > 0)
        .map((step) =>
          [
            `<details><summary>${step.name} of ${e(name)}: <span class="${step.verdict}">${step.verdict}</span></summary>`,
            block('Why', step.reasons, { maxBytes: 4000 }),
            block('Retried after', step.retried, { maxBytes: 2000 }),
            step.name === 'build'
              ? block('Build log (all of it in build.log)', buildLog(name), {
                  maxBytes: 10_000,
                  fromEnd: true,
                })
              : '',
            '</details>',
          ].join('\n'),
        ),
    )
    .join('\n');
