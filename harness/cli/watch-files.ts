// Whether something below a directory has changed. For a save an editor makes several events; they are the caller's to sum up.
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

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
    const inner = readdirSync(directory, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
    );
    return [directory, ...inner.flatMap(({ name }) => directoriesOf(join(directory, name)))];
  } catch {
    return [];
  }
};

/** Node's own recursive watch looks at each file by itself, and fails when one is gone that an editor had made for a moment. */
export const watchFiles = (directory: string): Watched => {
  const listeners = new Set<() => void>();
  const watchers = new Map<string, FSWatcher>();
  let dirty = false;
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
      const watcher = watch(path, tell);
      watcher.on('error', () => {
        drop(path);
        tell();
      });
      watchers.set(path, watcher);
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
      for (const path of [...watchers.keys()]) drop(path);
    },
  };
};
