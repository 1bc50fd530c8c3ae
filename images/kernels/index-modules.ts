// Runs depmod on a kernel's modules.

import { join } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { firstLine, printable, shorten } from '../../harness/base/text.js';
import type { Bind, ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';

/** Unpacks all modules in the directory $1, then removes those with an alias outside ASCII. */
const removalScript = [
  'find "$1" -type f -name "*.ko.xz" -exec xz -d {} +',
  'find "$1" -type f -name "*.ko.zst" -exec zstd -dq --rm {} +',
  'find "$1" -name "*.ko" -exec grep -lzaP "^alias=.*[\\x80-\\xff]" {} + | tr "\\n" "\\0" | xargs -0r rm --',
].join('\n');

/**
 * Removes modules that have an alias with bytes outside ASCII, for which depmod refuses to write any index.
 * Such an alias is a platform device's name that fills its field (20 bytes) without a final zero: in a 32-bit
 * module, the next field's bytes follow (snd-soc-sof_rt5682 of 5.10-686).
 */
const removeUnindexable = async (root: ToolRoot, modules: string, binds: readonly Bind[]): Promise<void> => {
  await runInToolRoot(root, ['sh', '-c', removalScript, 'sh', modules], { binds, env: { LC_ALL: 'C' } });
};

/**
 * Writes modules.dep and the other indexes of `release` below `tree`/usr/lib/modules. Rejects with
 * KERNEL_INDEX.
 */
export const indexModules = async (
  tree: string,
  release: string,
  root: ToolRoot,
  more: readonly Bind[] = [],
): Promise<void> => {
  const binds = [...more, { path: tree, writable: true }];
  const depmod = () =>
    runInToolRoot(root, ['depmod', '--basedir', join(tree, 'usr'), release], {
      binds,
      host: { reject: false },
    });
  let result = await depmod();
  if (result.failed && result.stderr.includes('bad character')) {
    await removeUnindexable(root, join(tree, 'usr/lib/modules', release), binds);
    result = await depmod();
  }
  if (!result.failed) return;
  // Warnings, such as that of a missing modules.order, come before the error.
  const errors = result.stderr.split('\n').filter((line) => !line.startsWith('depmod: WARNING: '));
  const reason = printable(shorten(firstLine(errors.join('\n') || result.shortMessage), 300));
  throw new HarnessError('KERNEL_INDEX', { release, reason });
};
