// Removes compiled files whose source is gone from dist: the compiler leaves them there, and `npm pack` would
// pack them.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The endings of what the compiler makes of a `.ts` file. */
const output = /(?:\.d\.ts|\.js|\.js\.map)$/;

for (const top of ['harness', 'images', 'scenarios']) {
  const compiled = join('dist', top);
  if (!existsSync(compiled)) continue;
  for (const name of readdirSync(compiled, { recursive: true })) {
    const isStale = output.test(name) && !existsSync(join(top, name.replace(output, '.ts')));
    if (isStale) rmSync(join(compiled, name));
  }
}
