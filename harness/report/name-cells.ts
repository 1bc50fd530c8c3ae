// Names cells by scenario and kernel, for messages.

import type { ReportCell } from './model.js';

/** Limit for places where one line has to do. */
export const maxNamedScenarios = 6;

/** `clock-driver on 6.12-cloud, 7.3-cloud; stop on 7.3-cloud`, with ` … and 12 more` after `maxScenarios`. */
export const nameCells = (cells: readonly ReportCell[], maxScenarios = Number.POSITIVE_INFINITY): string => {
  const kernels = new Map<string, Set<string>>();
  for (const { scenario, kernel } of cells)
    kernels.set(scenario, (kernels.get(scenario) ?? new Set()).add(kernel));
  const names = [...kernels].map(([scenario, kernels]) => `${scenario} on ${[...kernels].join(', ')}`);
  const rest = names.length - maxScenarios;
  return `${names.slice(0, maxScenarios).join('; ')}${rest > 0 ? ` … and ${rest} more` : ''}`;
};
