// Checks the bundles of bundle-dependencies.mjs against what is installed.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { packageRoot } from '../images/asset.js';

const bundles = join(packageRoot(), 'dist/node_modules');
const versionIn = (directory: string): string =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version;

t.test(
  'compiled files load the bundles, and these are of the installed versions',
  { skip: !existsSync(bundles) && 'only the compiler has run; npm run build makes the bundles' },
  async (t) => {
    for (const name of ['execa', 'tap', 'tap-parser']) {
      t.equal(fileURLToPath(import.meta.resolve(name)), join(bundles, name, 'index.js'));
      t.equal(versionIn(join(bundles, name)), versionIn(join(packageRoot(), 'node_modules', name)), name);
    }
  },
);
