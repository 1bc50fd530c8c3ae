// Whether something below a directory has changed. For a save an editor makes several events; they are the caller's to sum up.
import { type FSWatcher, readdirSync, watch as watchPath } from 'node:fs';
import { join } from 'node:path';
import { runMarker } from '../base/run-marker.js';
import { systemCode } from '../base/thrown.js';

export interface Watched {
  /** Resolves at the first event since the last call; at once if there was one already. */
  changed(): Promise<void>;
  /** Calls back at each event, until the returned function is called. */
  onEvent(listener: () => void): () => void;
  close(): void;
}

/** The directory itself and all below it that may hold sources; what goes away meanwhile is none. */
const directoriesOf = (directory: string): string[] => {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    if (entries.some(({ name }) => name === runMarker)) return [];
    const inner = entries.filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
    );
    return [directory, ...inner.flatMap(({ name }) => directoriesOf(join(directory, name)))];
  } catch {
    return [];
  }
};

/** The limits of inotify(7) by the error that tells of them. */
const limits: Readonly<Record<string, string>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
};

/** Milliseconds between two looks at what cannot be watched. */
const pollMs = 1000;

/** `warn` gets a line when a limit of the system is reached. Node's own recursive watch looks at each file by itself, and fails when one is gone that an editor had made for a moment. */
export const watchFiles = (
  directory: string,
  warn: (line: string) => void = () => {},
  watch: typeof watchPath = watchPath,
): Watched => {
  const listeners = new Set<() => void>();
  const watchers = new Map<string, FSWatcher>();
  let dirty = false;
  let poll: NodeJS.Timeout | undefined;
  /** A directory that is gone since it was listed needs no watch; one beyond a limit is looked at again and again. */
  const miss = (error: unknown): void => {
    const limit = limits[systemCode(error) ?? ''];
    if (limit === undefined && systemCode(error) !== 'ENOENT') throw error;
    if (limit === undefined || poll !== undefined) return;
    warn(
      `the limit ${limit} is reached: changes are looked for once a second; raise it with: sysctl -w ${limit}=…`,
    );
    poll = setInterval(tell, pollMs);
  };
  const drop = (path: string): void => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const tell = (): void => {
    dirty = true;
    follow();
    for (const listener of [...listeners]) listener();
  };
  const follow = (): void => {
    const present = new Set(directoriesOf(directory));
    for (const path of watchers.keys()) if (!present.has(path)) drop(path);
    for (const path of present) {
      if (watchers.has(path)) continue;
      try {
        const watcher = watch(path, tell);
        watcher.on('error', () => {
          drop(path);
          tell();
        });
        watchers.set(path, watcher);
      } catch (error) {
        miss(error);
      }
    }
  };
  follow();
  const onEvent: Watched['onEvent'] = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    onEvent,
    changed: async () => {
      if (!dirty) {
        await new Promise<void>((resolve) => {
          const stop = onEvent(() => {
            stop();
            resolve();
          });
        });
      }
      dirty = false;
    },
    close: () => {
      clearInterval(poll);
      for (const path of [...watchers.keys()]) drop(path);
    },
  };
};
