// A process of its own that runs command lines one after the other and tells how each ended. Tests start it:
// node commands-process.js '[["backend"],["function","--stale","maybe"]]' Prints one line of JSON. Node loads
// once for all of them, and that the process ends shows that none left anything open.

import { runCommand } from '../cli/command.js';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is written to a stream until `release`, which gives it and lets the rest pass. */
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

const outcome = async (line: readonly string[]): Promise<Outcome> => {
  const [out, err] = [hold(process.stdout), hold(process.stderr)];
  const exitCode = await runCommand(line);
  return { exitCode, stdout: out(), stderr: err() };
};

const outcomes: Outcome[] = [];
for (const line of JSON.parse(process.argv[2] ?? '[]') as string[][]) outcomes.push(await outcome(line));
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
