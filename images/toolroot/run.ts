// Runs a program in the tool root.

import { execa, type Options, type ResultPromise } from 'execa';
import { type EnterOptions, enter, type ToolRoot } from './enter.js';

/**
 * `host` has options for execa itself (stdio, timeout, reject …). The other options set what the program
 * sees.
 */
export interface RunOptions<Host extends Options = Options> extends EnterOptions {
  host?: Host;
}

/** Starts `argv` in the tool root. `enter` documents the environment, execa the promise. */
export const runInToolRoot = <Host extends Options = Record<never, never>>(
  root: Pick<ToolRoot, 'path'>,
  argv: readonly string[],
  { host, ...options }: RunOptions<Host> = {},
): ResultPromise<Host> => {
  const { file, args } = enter(root, argv, options);
  // execa computes the type `{} & Host`, which equals Host.
  return execa(file, args, host) as unknown as ResultPromise<Host>;
};
