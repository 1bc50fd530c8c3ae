// A separate cache directory for a test.

import { cacheDirectory } from '../base/cache/directory.js';

/** The part of a tap test that is used. */
interface Test {
  testdir(): string;
  teardown(fn: () => void): void;
}

/** Uses an empty cache directory until the test ends. */
export const privateCache = (t: Test): string => {
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = t.testdir();
  t.teardown(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  return cacheDirectory();
};
