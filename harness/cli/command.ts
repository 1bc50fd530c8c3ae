// A command line of `vmmci`: finds the command, and turns what it throws into a message and an exit status.

import { codeOf, HarnessError } from '../base/errors.js';
import { systemCode } from '../base/thrown.js';

interface Command {
  readonly summary: string;
  /** Resolves with the exit status. */
  run(args: readonly string[]): Promise<number>;
}

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  backend: () => import('./backend.js'),
  bench: () => import('./bench.js'),
  'bench-matrix': () => import('./bench-matrix.js'),
  cache: () => import('./cache.js'),
  ctl: () => import('./ctl.js'),
  demo: () => import('./demo.js'),
  function: () => import('./function.js'),
  kernels: () => import('./kernels.js'),
  matrix: () => import('./matrix.js'),
  report: () => import('./report.js'),
  seeded: () => import('./seeded.js'),
  setup: () => import('./setup.js'),
  suite: () => import('./suite.js'),
  test: () => import('./test.js'),
  transcript: () => import('./transcript.js'),
  watch: () => import('./watch.js'),
};

/** 1: something failed; 2: the command line or a file of the caller's is wrong; 3: harness, host or QEMU are broken. */
const statusOf = { failed: 1, usage: 2, broken: 3 } as const;

const usage = async (): Promise<string> => {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name.padEnd(12)} ${(await load()).summary}\n`),
  );
  return `usage: vmmci COMMAND [OPTION…]; vmmci COMMAND --help tells more\n${rows.join('')}`;
};

const isParseError = (error: unknown): error is Error =>
  error instanceof Error && String(systemCode(error)).startsWith('ERR_PARSE_ARGS');

/** Runs a command line, and resolves with the exit status. Rejects with what is a defect of ours. */
export const runCommand = async ([name = '--help', ...args]: readonly string[]): Promise<number> => {
  if (name === '--help' || name === '-h') {
    process.stdout.write(await usage());
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    process.stderr.write(`vmmci: no command '${name}'\n${await usage()}`);
    return statusOf.usage;
  }
  try {
    return await (await load()).run(args);
  } catch (error) {
    if (error instanceof HarnessError) {
      process.stderr.write(`vmmci ${name}: ${error.message} [${codeOf(error)}]\n`);
      return statusOf[error.blame];
    }
    if (!isParseError(error)) throw error;
    process.stderr.write(`vmmci ${name}: ${error.message}\nvmmci ${name} --help lists the options\n`);
    return statusOf.usage;
  }
};
