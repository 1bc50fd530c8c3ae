// Adds the next step to errors of the system.

import { readlinkSync } from 'node:fs';
import { HarnessError } from './errors.js';
import { messageOf, systemCode } from './thrown.js';

/** The next step after a system error (errno(3)). */
const nextSteps: Readonly<Record<string, string>> = {
  EACCES: 'check the permissions of that path, and that its file system allows programs to run',
  EPERM: 'check the permissions of that path, and what this user may do on this host',
  EROFS: 'use a directory on a writable file system',
  ENOSPC: 'free some space, or use a directory on another file system',
  EDQUOT: 'free some of your quota, or use a directory on another file system',
  ENOENT: 'check that the path exists, or install the program of that name',
  ENOTDIR: 'use a path whose parents are directories',
  EISDIR: 'use the path of a file, or remove that directory',
  EEXIST: 'use another path, or remove what is there',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'raise the limit of open files of this host (sysctl fs.file-max)',
  ENOMEM: 'free some memory, or run fewer guests in parallel (--jobs)',
  ENAMETOOLONG: 'use a shorter path',
  ELOOP: 'check the symbolic links of that path',
  ETXTBSY: 'wait until no program runs from that file',
  EFBIG: 'raise the limit of file sizes (ulimit -f)',
  EIO: 'check the disk, and the messages of the kernel of this host',
  ENXIO: 'use the path of a file',
  EAGAIN: 'raise the limit of processes (ulimit -u), or run fewer guests in parallel (--jobs)',
};

/** The working directory, with ` (deleted)` if it was removed; undefined if /proc is not mounted. */
const workingDirectory = (): string | undefined => {
  try {
    return readlinkSync('/proc/self/cwd');
  } catch {
    return undefined;
  }
};

interface Cause {
  readonly message: string;
  readonly next: string;
}

/** What ENOENT means, whatever path it is about: without either of these no program can be started. */
const missing = (): Cause | undefined => {
  const directory = workingDirectory();
  if (directory === undefined)
    return { message: '/proc is not mounted', next: 'mount it: mount -t proc proc /proc' };
  return directory.endsWith(' (deleted)')
    ? { message: 'the working directory was removed', next: 'run the same command in another directory' }
    : undefined;
};

/** The error HOST for one of the system whose next step is known; `undefined` for any other value. */
export const asHostError = (error: unknown, message = messageOf(error)): HarnessError<'HOST'> | undefined => {
  const code = systemCode(error);
  const cause = code === 'ENOENT' ? missing() : undefined;
  if (cause !== undefined) return new HarnessError('HOST', { ...cause }, error);
  const next = nextSteps[code ?? ''];
  return next === undefined ? undefined : new HarnessError('HOST', { message, next }, error);
};
