import t from 'tap';
import { entryFailure } from './entry-failure.js';

t.test('a program that could not be started is distinguished from a program that failed', async (t) => {
  const cases: readonly [Parameters<typeof entryFailure>[1], string | undefined][] = [
    [{ code: 'ENOENT' }, 'HOST_PROGRAM'],
    [{ stderr: 'bwrap: execvp gcc: Permission denied' }, 'CACHE_NOEXEC'],
    [{ stderr: 'bwrap: No permissions to create new namespace, likely because …' }, 'HOST_NAMESPACE'],
    [{ stderr: 'bwrap: setting up uid map: Permission denied' }, 'HOST_NAMESPACE'],
    [{ stderr: "bwrap: Can't find source path /x/usr/bin: No such file or directory" }, 'TOOLROOT_DAMAGED'],
    [{ stderr: 'bwrap: execvp gcc: No such file or directory' }, 'TOOLROOT_DAMAGED'],
    [{ all: 'bwrap: Creating new namespace failed: Operation not permitted\n' }, 'HOST_NAMESPACE'],
    [{ stderr: 'gcc: fatal error: no input files' }, undefined],
    [{}, undefined],
  ];
  for (const [result, code] of cases)
    t.equal(entryFailure('/root', result)?.code, code, JSON.stringify(result));
  t.notMatch(entryFailure('/root', { stderr: 'bwrap: \x1b[31mx' })?.message, '\x1b');
});
