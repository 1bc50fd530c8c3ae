// Checks that a new tool root is complete, by running its programs.

import { HarnessError } from '../../harness/base/errors.js';
import type { ToolRoot } from './enter.js';
import { isNewEnough, oldestQemu, parseQemuVersion } from './qemu-version.js';
import { recipe, recipePrograms } from './recipe.js';
import { runInToolRoot } from './run.js';

const missingPrograms = async (root: Pick<ToolRoot, 'path'>): Promise<string[]> => {
  const script = 'for each; do command -v "$each" >/dev/null || echo "$each"; done';
  const { stdout } = await runInToolRoot(root, ['sh', '-c', script, 'sh', ...recipePrograms]);
  return stdout.split('\n').filter(Boolean);
};

/**
 * Returns the version of the tool root's QEMU. Rejects with TOOLROOT_INCOMPLETE if a program is missing or
 * QEMU is too old for vfio-user.
 */
export const verifyToolRoot = async (path: string): Promise<string> => {
  const root = { path };
  const missing = await missingPrograms(root);
  if (missing.length > 0) {
    throw new HarnessError('TOOLROOT_INCOMPLETE', {
      path,
      missing: missing.join(', '),
      expected: `the programs of ${Object.keys(recipe.packages).join(', ')}`,
    });
  }
  const { stdout } = await runInToolRoot(root, ['qemu-system-x86_64', '--version']);
  const version = parseQemuVersion(stdout);
  if (version === undefined || !isNewEnough(version)) {
    throw new HarnessError('TOOLROOT_INCOMPLETE', {
      path,
      missing: `a recent QEMU (found ${version ?? stdout})`,
      expected: `QEMU ${oldestQemu.join('.')} or later, from ${recipe.suite}-backports`,
    });
  }
  return version;
};
