import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { driverCommit } from './driver-commit.js';

t.test('a commit, a commit with changes, and no commit', async (t) => {
  const directory = t.testdir({ driver: { 'a.c': 'int a;' } });
  const driver = join(directory, 'driver');
  const git = (...args: string[]) =>
    execa('git', ['-C', directory, '-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args]);
  // Below a checkout of our own: an empty repository of its own hides that.
  await git('init', '--quiet');
  t.equal(await driverCommit(driver), null);
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'first');
  t.match(await driverCommit(driver), /^[0-9a-f]{12}$/);
  writeFileSync(join(driver, 'a.c'), 'int b;');
  t.match(await driverCommit(driver), /^[0-9a-f]{12}-dirty$/);
});
