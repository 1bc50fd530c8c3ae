// A process that runs several command lines and prints their results as one line of JSON. Tests start it as
// node commands-process.js '[["backend"],["function","--stale","maybe"]]'. It ends only if no command left
// anything open.

import * as v from 'valibot';
import { runCommand } from '../cli/command.js';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Captures what is written to a stream until `release`, which returns it and lets later text pass. */
const hold = (stream: NodeJS.WriteStream): (() => string) => {
  const { write } = stream;
  let text = '';
  stream.write = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  return () => {
    stream.write = write;
    return text;
  };
};

const outcome = async (line: readonly string[]): Promise<CommandResult> => {
  const [out, err] = [hold(process.stdout), hold(process.stderr)];
  const exitCode = await runCommand(line);
  return { exitCode, stdout: out(), stderr: err() };
};

const outcomes: CommandResult[] = [];
const commandLines = v.parse(v.array(v.array(v.string())), JSON.parse(process.argv[2] ?? '[]'));
for (const line of commandLines) outcomes.push(await outcome(line));
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
