// The processes of a run: a cell gets one that has nothing to do. What loading the harness costs is paid once
// in each, not in every cell.

import { join } from 'node:path';
import { askFor } from '../../images/kernels/table.js';
import type { ReportCell } from '../report/model.js';
import type { SharedChoice } from '../run/choice.js';
import type { OnLateOutput } from './late-output.js';
import type { Cell } from './plan.js';
import { type FileEnd, type ScenarioProcess, startScenarioProcess } from './scenario-process.js';
import { lastLines, unrunCell } from './unrun.js';

export interface PoolOptions {
  /** Where the run's artifacts go. */
  readonly run: string;
  readonly choice: SharedChoice;
  /** Variables of every process beyond those of this one. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends all of them at once. */
  readonly kill: AbortSignal;
  /** Milliseconds to the end of a process that has nothing left to do. */
  readonly endMs?: number;
  readonly onLateOutput: OnLateOutput;
}

/** A process, for one cell. */
export interface Lease {
  /** Where its scenarios leave results, until it is given back. */
  readonly staging: string;
  /** Runs the cell's compiled file. */
  run(path: string): Promise<FileEnd>;
  /** `again`: another cell may have it. Otherwise it is gone when this resolves. */
  giveBack(again: boolean): Promise<void>;
}

export interface ScenarioPool {
  /** `fresh`: one that nothing has run in. */
  take(cell: Cell, fresh: boolean): Promise<Lease>;
  /** Resolves when all are gone, with a cell for each that ended badly. */
  close(): Promise<ReportCell[]>;
}

interface Member {
  readonly process: ScenarioProcess;
  /** A process opens its environment once: it belongs to a kernel and a generation. */
  readonly belongs: string;
  readonly ran: Cell[];
  /** Not each of its files ended well, and so it will not. */
  hasFailed: boolean;
}

export const createPool = ({ run, choice, env, kill, endMs, onLateOutput }: PoolOptions): ScenarioPool => {
  let idle: Member[] = [];
  let count = 0;
  const leaving: Promise<ReportCell[]>[] = [];

  /**
   * Lets a process end, without waiting for it. A bad end is reported for its last cell, whichever caused it.
   */
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

  const start = async ({ kernel, generation }: Cell, belongs: string): Promise<Member> => {
    count += 1;
    const process = await startScenarioProcess({
      choice: { ...choice, kernel: askFor(kernel), generation, run: join(run, '.running', String(count)) },
      env,
      kill,
      endMs,
    });
    return { process, belongs, ran: [], hasFailed: false };
  };

  return {
    take: async (cell, fresh) => {
      const belongs = JSON.stringify([cell.kernel.name, cell.generation]);
      // Cells come kernel by kernel and generation by generation: the others have had their time.
      idle.filter((member) => member.belongs !== belongs).forEach(release);
      idle = idle.filter((member) => member.belongs === belongs);
      const member = (fresh ? undefined : idle.shift()) ?? (await start(cell, belongs));
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
        giveBack: async (again) => {
          if (again) idle.push(member);
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
