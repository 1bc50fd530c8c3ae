// The scenario processes of a run. They are reused from cell to cell, since each takes about a second of CPU
// time to load the harness.

import { join } from 'node:path';
import { askFor } from '../../images/kernels/table.js';
import type { ReportCell } from '../report/model.js';
import type { SharedChoice } from '../run/choice.js';
import type { OnLateOutput } from './late-output.js';
import type { Cell } from './plan.js';
import { type FileEnd, type ScenarioProcess, startScenarioProcess } from './scenario-process.js';
import { lastLines, unrunCell } from './unrun.js';

export interface PoolOptions {
  /** The directory for the artifacts of the run. */
  readonly run: string;
  readonly choice: SharedChoice;
  /** Environment variables to add to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kills all processes. */
  readonly kill: AbortSignal;
  /** How long a process may take to exit, in milliseconds. */
  readonly endMs?: number;
  readonly onLateOutput: OnLateOutput;
}

/** A process that one cell uses. */
export interface Lease {
  /** The directory in which its scenarios leave results, until the process is given back. */
  readonly staging: string;
  /** Runs the compiled file of the cell. */
  run(path: string): Promise<FileEnd>;
  /** Returns the process for other cells if `isReusable`. Otherwise it has ended when this resolves. */
  giveBack(isReusable: boolean): Promise<void>;
}

export interface ScenarioPool {
  /** `fresh` asks for a process in which nothing has run. */
  take(cell: Cell, fresh: boolean): Promise<Lease>;
  /** Resolves when all processes have ended, with a cell for each one that ended badly. */
  close(): Promise<ReportCell[]>;
}

interface Member {
  readonly process: ScenarioProcess;
  /** The kernel and generation of the process, which opens its environment only once. */
  readonly key: string;
  readonly ran: Cell[];
  /** One of its files ended badly, so its exit status will be 1. */
  hasFailed: boolean;
}

export const createPool = ({ run, choice, env, kill, endMs, onLateOutput }: PoolOptions): ScenarioPool => {
  let idle: Member[] = [];
  let count = 0;
  const leaving: Promise<ReportCell[]>[] = [];

  /** Lets a process exit without waiting for it. A bad exit is reported for its last cell. */
  const release = ({ process, ran, hasFailed }: Member): void => {
    const ended = async (): Promise<ReportCell[]> => {
      const { ok, how, output } = await process.end();
      const last = ran.at(-1);
      if (last === undefined) return [];
      if (ok || kill.aborted || (hasFailed && how === 'status 1')) {
        await onLateOutput(last, output);
        return [];
      }
      const names = ran.map(({ file }) => file).join(', ');
      const problem = `the process ended badly (${how}) after ${names}:\n${lastLines(output)}`;
      return [{ ...unrunCell(last, problem), scenario: `${last.file} (process)`, verdict: 'broken' }];
    };
    leaving.push(ended());
  };

  const start = async ({ kernel, generation }: Cell, key: string): Promise<Member> => {
    count += 1;
    const process = await startScenarioProcess({
      choice: { ...choice, kernel: askFor(kernel), generation, run: join(run, '.running', String(count)) },
      env,
      kill,
      endMs,
    });
    return { process, key, ran: [], hasFailed: false };
  };

  return {
    take: async (cell, fresh) => {
      const key = JSON.stringify([cell.kernel.name, cell.generation]);
      // Cells are ordered by kernel and generation, so the other processes are no longer needed.
      idle.filter((member) => member.key !== key).forEach(release);
      idle = idle.filter((member) => member.key === key);
      const member = (fresh ? undefined : idle.shift()) ?? (await start(cell, key));
      const before = member.ran.at(-1);
      member.ran.push(cell);
      return {
        staging: member.process.staging,
        run: async (path) => {
          const end = await member.process.run(path);
          member.hasFailed ||= !end.ok;
          if (before !== undefined) await onLateOutput(before, end.late);
          return end;
        },
        giveBack: async (isReusable) => {
          if (isReusable) idle.push(member);
          else await member.process.kill();
        },
      };
    },
    close: async () => {
      idle.forEach(release);
      idle = [];
      return (await Promise.all(leaving)).flat();
    },
  };
};
