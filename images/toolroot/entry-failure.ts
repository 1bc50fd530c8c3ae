// Finds out why a program in the tool root could not be started.

import { HarnessError } from '../../harness/base/errors.js';
import { printable, shorten } from '../../harness/base/text.js';
import { asRoot, userName } from './host-command.js';

/** The fields of execa's result or error that show the reason. */
interface ProgramResult {
  readonly code?: string | undefined;
  readonly stderr?: unknown;
  readonly all?: unknown;
}

/** The command with which an administrator allows the namespaces that bwrap needs. */
const allowNamespaces =
  'sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 (those that exist); in a container, give it CAP_SYS_ADMIN';

/** The error HOST_NAMESPACE, with bwrap's message as the reason. */
export const namespaceFailure = (stderr: string): HarnessError =>
  new HarnessError('HOST_NAMESPACE', {
    user: userName(),
    reason: printable(shorten(stderr.trim() || 'bwrap failed', 200)),
    command: allowNamespaces,
  });

/** The error for a program that bwrap could not start; `undefined` if the program started and failed. */
export const entryFailure = (
  root: string,
  { code, stderr, all }: ProgramResult,
): HarnessError | undefined => {
  if (code === 'ENOENT')
    return new HarnessError('HOST_PROGRAM', {
      programs: 'bwrap',
      command: asRoot('apt-get install bubblewrap'),
    });
  const line = `${stderr ?? ''}\n${all ?? ''}`.split('\n').find((line) => line.startsWith('bwrap: '));
  if (line === undefined) return undefined;
  if (/execvp .*: Permission denied/.test(line)) return new HarnessError('CACHE_NOEXEC', { path: root });
  // The missing path belongs to an incomplete tool root, or to one of `binds`.
  if (/No such file or directory/.test(line))
    return new HarnessError('TOOLROOT_DAMAGED', { path: root, reason: printable(shorten(line, 200)) });
  if (/No space left on device/.test(line))
    return new HarnessError('CACHE_FULL', { path: root, variable: 'XDG_CACHE_HOME' });
  return namespaceFailure(line);
};
