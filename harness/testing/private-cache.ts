// For tests: a cache directory of their own.

import { cacheDirectory } from '../base/cache/directory.js';

/** What is needed of tap's test object. */
interface Test {
  testdir(): string;
  teardown(fn: () => void): void;
}

/** The cache directory until the end of the test: an empty one. */
export const privateCache = (t: Test): string => {
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = t.testdir();
  t.teardown(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  return cacheDirectory();
};
