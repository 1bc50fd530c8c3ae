// The figures of a matrix run beside their goals, which are for 2 cores under TCG.

import { countReport, renderCounts } from '../report/counts.js';
import { markdownTable } from '../report/markdown-table.js';
import type { MatrixRun } from './matrix-run.js';
import { median } from './statistics.js';

export interface MatrixFigure {
  readonly what: string;
  readonly value: number;
  readonly unit: 's' | 'MiB';
  /** The maximum; undefined if there is no goal. */
  readonly goal?: number | undefined;
  readonly how: string;
}

/** The 90th percentile; NaN for an empty list. */
export const percentile90 = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.ceil(values.length * 0.9) - 1] ?? Number.NaN;

const wallFigure = ({ report, wall }: MatrixRun, kind: 'warm' | 'cold'): MatrixFigure => {
  const scenarios = report.cells.length;
  const goals = { warm: 300, cold: 720 };
  const hows = {
    warm: 'all in the cache',
    cold: 'empty cache: tool root, downloads, builds and boots included',
  };
  return {
    what: `${report.kernels.length} kernels, ${scenarios} scenarios, ${report.jobs} at once, ${kind}`,
    value: wall,
    unit: 's',
    // The goals are for five kernels.
    goal: report.kernels.length >= 5 ? goals[kind] : undefined,
    how: `start to end of vmmci matrix; ${hows[kind]}`,
  };
};

/** The rows for a warm run, and for a cold run if there was one. */
export const matrixFigures = (warm: MatrixRun, cold?: MatrixRun): MatrixFigure[] => {
  const { overheads, peaks } = warm;
  const seconds = overheads.map((ms) => ms / 1000);
  const count = `${seconds.length} restored guests`;
  const how = `from QEMU's start to the first command's answer`;
  return [
    wallFigure(warm, 'warm'),
    ...(cold === undefined ? [] : [wallFigure(cold, 'cold')]),
    {
      what: 'restore to first command, median',
      value: median(seconds),
      unit: 's',
      goal: 0.6,
      how: `${how}; ${count}`,
    },
    {
      what: 'restore to first command, 9 of 10 below',
      value: percentile90(seconds),
      unit: 's',
      how: `${how}; ${count}`,
    },
    {
      what: 'peak memory of a guest: QEMU and Node',
      value: peaks.qemu + peaks.scenario,
      unit: 'MiB',
      // 400 MB
      goal: 400e6 / 2 ** 20,
      how: 'largest resident set of any QEMU plus that of any scenario process',
    },
    { what: 'of this QEMU', value: peaks.qemu, unit: 'MiB', how: 'VmHWM' },
    { what: 'of this the Node process of a scenario', value: peaks.scenario, unit: 'MiB', how: 'maxrss' },
    { what: 'Node process of the matrix itself', value: peaks.matrix, unit: 'MiB', how: 'VmHWM' },
  ];
};

const show = (value: number, unit: string): string =>
  Number.isNaN(value) ? '-' : `${value.toFixed(unit === 's' && value < 10 ? 2 : 0)} ${unit}`;

/** The table, and a line with the verdicts, since figures of a run with failures mean little. */
export const renderMatrixFigures = (figures: readonly MatrixFigure[], { report }: MatrixRun): string => {
  const rows = figures.map(({ what, value, unit, goal, how }) => [
    what,
    show(value, unit),
    goal === undefined ? '' : `≤ ${show(goal, unit)}`,
    goal === undefined ? '' : value <= goal ? 'yes' : 'no',
    how,
  ]);
  return `${markdownTable([['what', 'figure', 'goal', 'reached', 'how'], ...rows], { numeric: true })}\n\n${renderCounts(countReport(report))}; ${report.accelerator}`;
};
