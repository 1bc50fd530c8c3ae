// Runs a command in its own terminal. script(1), which every Debian has, is at the other end.

import { type ChildProcess, spawn } from 'node:child_process';
import { execa } from 'execa';
import { shellWord } from '../base/text.js';

export interface PseudoTerminal {
  /** Writes to the terminal, as a user types. */
  type(text: string): void;
  /**
   * Resolves with the first match in the output after the previous match. Rejects if the command ends first.
   */
  shown(pattern: RegExp): Promise<RegExpExecArray>;
  resize(rows: number, columns: number): Promise<void>;
  /** The settings, as `stty -a` prints them. */
  settings(): Promise<string>;
  /** The exit status. */
  readonly end: Promise<number | null>;
  readonly process: ChildProcess;
}

/** Starts `words` in a terminal of 24 rows and 80 columns. */
export const startInTerminal = async (
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<PseudoTerminal> => {
  // The terminal stays open after the command, so that the test can read its settings.
  const line = `stty rows 24 columns 80; tty; ${words.map(shellWord).join(' ')}; s=$?; echo "ended $s"; read -r _; exit $s`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  let listener = (): void => {};
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (more: string) => {
    text += more;
    listener();
  });
  const end = new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
  const shown = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const fail = (): void =>
        reject(new Error(`${pattern} was not shown: ${JSON.stringify(text.slice(-2000))}`));
      const look = (): void => {
        const match = pattern.exec(text);
        if (match === null) {
          // The command has ended and writes no more.
          if (/ended \d+\r\n/.test(text)) fail();
          return;
        }
        text = text.slice(match.index + match[0].length);
        listener = () => {};
        resolve(match);
      };
      listener = look;
      void end.then(fail);
      look();
    });
  const [device] = await shown(/\/dev\/pts\/\d+/);
  const stty = (...args: string[]) => execa('stty', ['-F', device, ...args]);
  return {
    type: (typed) => void child.stdin.write(typed),
    shown,
    resize: async (rows, columns) => {
      await stty('rows', String(rows), 'columns', String(columns));
    },
    settings: async () => (await stty('-a')).stdout,
    end,
    process: child,
  };
};
