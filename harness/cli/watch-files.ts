// Watches a directory tree. A save in an editor causes several events; the caller must combine them.

import { type FSWatcher, readdirSync, watch as watchPath } from 'node:fs';
import { join } from 'node:path';
import { runMarker } from '../base/run-marker.js';
import { systemCode } from '../base/thrown.js';

export interface Watched {
  /** Resolves at the first event since the last call; at once if there was one already. */
  changed(): Promise<void>;
  /** Calls `listener` at each event until the returned function is called. */
  onEvent(listener: () => void): () => void;
  close(): void;
}

/**
 * The directory and all directories below it that may contain sources. Ignores directories that disappear
 * meanwhile, and those that cannot be read: reading the sources reports them.
 */
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

/** The limits of inotify(7), by error code. */
const limits: Readonly<Record<string, string>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
};

/** The polling interval in milliseconds, if a directory cannot be watched. */
const pollMs = 1000;

/**
 * Calls `warn` if a system limit is reached. The recursive watch of Node.js is not used: it watches each
 * file, and fails when a short-lived file of an editor disappears.
 */
export const watchFiles = (
  directory: string,
  warn: (line: string) => void = () => {},
  watch: typeof watchPath = watchPath,
): Watched => {
  const listeners = new Set<() => void>();
  const watchers = new Map<string, FSWatcher>();
  let dirty = false;
  let poll: NodeJS.Timeout | undefined;
  /** Ignores a directory that was removed after it was listed; starts polling if a limit is reached. */
  const onWatchError = (error: unknown): void => {
    const limit = limits[systemCode(error) ?? ''];
    if (limit === undefined && systemCode(error) !== 'ENOENT') throw error;
    if (limit === undefined || poll !== undefined) return;
    warn(
      `the limit ${limit} is reached: checking for changes once per second; raise it with: sysctl -w ${limit}=…`,
    );
    poll = setInterval(notify, pollMs);
  };
  const drop = (path: string): void => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const notify = (): void => {
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
        const watcher = watch(path, notify);
        watcher.on('error', () => {
          drop(path);
          notify();
        });
        watchers.set(path, watcher);
      } catch (error) {
        onWatchError(error);
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
