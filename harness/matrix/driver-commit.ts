// Finds the commit of the driver under test, for reports.

import { execa } from 'execa';

/**
 * The commit of the checkout that contains the directory, with `-dirty` if files below the directory were
 * changed. Null if the directory is not in a checkout.
 */
export const driverCommit = async (directory: string): Promise<string | null> => {
  const git = (...args: string[]) =>
    execa('git', ['-C', directory, ...args], { reject: false, stdin: 'ignore' });
  const head = await git('rev-parse', '--short=12', 'HEAD');
  if (head.exitCode !== 0) return null; // no git on this host, or no checkout
  const status = await git('status', '--porcelain', '--', '.');
  return status.exitCode === 0 && status.stdout === '' ? head.stdout.trim() : `${head.stdout.trim()}-dirty`;
};
