// Which lines and outcomes of conditions were reached, from the probes that were passed.

import type { Probe } from './instrument.js';

export interface Coverage {
  /** By number. */
  readonly probes: readonly Probe[];
  /** The numbers of the probes that were compiled. Code for other kernel versions has none. */
  readonly compiled: ReadonlySet<number>;
  /** The numbers of the probes that each scenario passed. */
  readonly passed: ReadonlyMap<string, ReadonlySet<number>>;
}

export interface LineCoverage {
  readonly line: number;
  readonly function: string;
  /** The scenarios that reached it. */
  readonly scenarios: readonly string[];
}

export interface BranchCoverage extends LineCoverage {
  readonly outcome: 'true' | 'false';
}

export interface FileCoverage {
  readonly file: string;
  readonly lines: readonly LineCoverage[];
  readonly branches: readonly BranchCoverage[];
}

/** Numbered probes of a coverage that were compiled. */
const compiledProbes = ({ probes, compiled }: Coverage) =>
  probes.map((probe, id) => ({ ...probe, id })).filter(({ id }) => compiled.has(id));

const passing = ({ passed }: Coverage, id: number): string[] =>
  [...passed].filter(([, ids]) => ids.has(id)).map(([scenario]) => scenario);

/** By file, in the order of names; lines and branches in the order of the source. */
export const fileCoverage = (coverage: Coverage): FileCoverage[] => {
  const probes = compiledProbes(coverage);
  return [...new Set(probes.map(({ file }) => file))].sort().map((file) => {
    const own = probes.filter((probe) => probe.file === file);
    const lines = new Map<number, { function: string; scenarios: Set<string> }>();
    for (const { kind, first, last, id, function: name } of own) {
      if (kind !== 'statement') continue;
      for (let line = first; line <= last; line += 1) {
        const entry = lines.get(line) ?? { function: name, scenarios: new Set() };
        for (const scenario of passing(coverage, id)) entry.scenarios.add(scenario);
        lines.set(line, entry);
      }
    }
    return {
      file,
      lines: [...lines]
        .sort(([a], [b]) => a - b)
        .map(([line, { function: name, scenarios }]) => ({
          line,
          function: name,
          scenarios: [...scenarios],
        })),
      branches: own.flatMap(({ kind, first: line, function: name, id }) =>
        kind === 'statement'
          ? []
          : [{ line, function: name, outcome: kind, scenarios: passing(coverage, id) }],
      ),
    };
  });
};

export interface Share {
  readonly reached: number;
  readonly total: number;
}

export const shareOf = (items: readonly LineCoverage[]): Share => ({
  reached: items.filter(({ scenarios }) => scenarios.length > 0).length,
  total: items.length,
});

/** `98.2 %` */
export const percent = ({ reached, total }: Share): string =>
  total === 0 ? '-' : `${((100 * reached) / total).toFixed(1)} %`;
