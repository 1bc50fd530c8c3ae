// What it means when a program in the tool root could not even be started.

import { HarnessError } from '../../harness/base/errors.js';
import { printable, shorten } from '../../harness/base/text.js';
import { asRoot, userName } from './host-command.js';

/** The parts of execa's result or error that tell. */
interface Ended {
  readonly code?: string | undefined;
  readonly stderr?: unknown;
  readonly all?: unknown;
}

/** How somebody may allow what bwrap needs. */
export const allowNamespaces =
  'sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 (those that exist); in a container, give it CAP_SYS_ADMIN';

/** HOST_NAMESPACE, with what bwrap printed. */
export const namespaceFailure = (stderr: string): HarnessError =>
  new HarnessError('HOST_NAMESPACE', {
    user: userName(),
    reason: printable(shorten(stderr.trim() || 'bwrap failed', 200)),
    command: allowNamespaces,
  });

/** The error for a program that bwrap did not start; `undefined` if the program itself has failed. */
export const entryFailure = (root: string, { code, stderr, all }: Ended): HarnessError | undefined => {
  if (code === 'ENOENT')
    return new HarnessError('HOST_PROGRAM', {
      programs: 'bwrap',
      command: asRoot('apt-get install bubblewrap'),
    });
  const line = `${stderr ?? ''}\n${all ?? ''}`.split('\n').find((line) => line.startsWith('bwrap: '));
  if (line === undefined) return undefined;
  if (/execvp .*: Permission denied/.test(line)) return new HarnessError('CACHE_NOEXEC', { path: root });
  // A path that is missing is a tool root that is not whole, or a bind of ours.
  if (/No such file or directory/.test(line))
    return new HarnessError('TOOLROOT_DAMAGED', { path: root, reason: printable(shorten(line, 200)) });
  if (/No space left on device/.test(line))
    return new HarnessError('CACHE_FULL', { path: root, variable: 'XDG_CACHE_HOME' });
  return namespaceFailure(line);
};
