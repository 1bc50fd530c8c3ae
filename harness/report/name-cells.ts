// Names cells by scenario and kernel, for messages.

import type { ReportCell } from './model.js';

/** Limit for messages of one line. */
export const maxNamedScenarios = 6;

/**
 * `clock-driver, drift on 6.12-cloud, 7.3-cloud; stop on 7.3-cloud`, with ` … and 12 more` after
 * `maxScenarios`.
 */
export const nameCells = (cells: readonly ReportCell[], maxScenarios = Number.POSITIVE_INFINITY): string => {
  const kernels = new Map<string, Set<string>>();
  for (const { scenario, kernel } of cells)
    kernels.set(scenario, (kernels.get(scenario) ?? new Set()).add(kernel));
  // Scenarios with the same kernels are named together.
  const alike = new Map<string, string[]>();
  for (const [scenario, names] of [...kernels].slice(0, maxScenarios)) {
    const key = [...names].join(', ');
    alike.set(key, [...(alike.get(key) ?? []), scenario]);
  }
  const names = [...alike].map(([key, scenarios]) => `${scenarios.join(', ')} on ${key}`);
  const rest = kernels.size - maxScenarios;
  return `${names.join('; ')}${rest > 0 ? ` … and ${rest} more` : ''}`;
};
