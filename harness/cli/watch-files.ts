// Watches a directory tree. A save in an editor causes several events; the caller must combine them.

import { type FSWatcher, readdirSync, statSync, watch as watchPath } from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../base/if-exists.js';
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
  } catch (error) {
    if (isAbsent(error) || systemCode(error) === 'EACCES') return [];
    throw error;
  }
};

/**
 * Tells a directory from another one that was at the same path before; `undefined` if there is none. Inode
 * numbers are used again.
 */
const identityOf = (directory: string): string | undefined => {
  const found = statSync(directory, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.birthtimeMs}`;
};

/** The limits of inotify(7), by error code. */
const limits: Readonly<Record<string, string>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
};

/** The polling interval in milliseconds, if a directory cannot be watched, or while it is missing. */
const pollMs = 1000;

type Warn = (line: string) => void;

/**
 * Watches each directory of a tree. The recursive watch of Node.js is not used: it watches each file, and
 * fails when a short-lived file of an editor disappears.
 */
class DirectoryWatch implements Watched {
  readonly #directory: string;
  readonly #warn: Warn;
  readonly #watch: typeof watchPath;
  readonly #listeners = new Set<() => void>();
  readonly #watchers = new Map<
    string,
    { readonly watcher: FSWatcher; readonly identity: string | undefined }
  >();
  #isDirty = false;
  #poll: NodeJS.Timeout | undefined;
  /** Runs while the directory itself is missing: nothing else tells that it is back. */
  #search: NodeJS.Timeout | undefined;

  constructor(directory: string, warn: Warn, watch: typeof watchPath) {
    this.#directory = directory;
    this.#warn = warn;
    this.#watch = watch;
    this.#follow();
  }

  onEvent(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async changed(): Promise<void> {
    if (!this.#isDirty) {
      await new Promise<void>((resolve) => {
        const stop = this.onEvent(() => {
          stop();
          resolve();
        });
      });
    }
    this.#isDirty = false;
  }

  close(): void {
    clearInterval(this.#poll);
    clearInterval(this.#search);
    for (const path of [...this.#watchers.keys()]) this.#drop(path);
  }

  /** Watches the directories that are present now, and no others. */
  #follow(): void {
    const present = new Set(directoriesOf(this.#directory));
    this.#searchIf(identityOf(this.#directory) === undefined);
    for (const [path, { identity }] of this.#watchers)
      if (!present.has(path) || identityOf(path) !== identity) this.#drop(path);
    for (const path of present) {
      if (this.#watchers.has(path)) continue;
      try {
        const identity = identityOf(path);
        const watcher = this.#watch(path, () => this.#notify());
        watcher.on('error', () => {
          this.#drop(path);
          this.#notify();
        });
        this.#watchers.set(path, { watcher, identity });
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  #searchIf(isMissing: boolean): void {
    if (isMissing && this.#search === undefined) {
      this.#warn(`${this.#directory} was removed; waiting until it is there again`);
      this.#search = setInterval(() => this.#notify(), pollMs);
    }
    if (isMissing) return;
    clearInterval(this.#search);
    this.#search = undefined;
  }

  #notify(): void {
    this.#isDirty = true;
    this.#follow();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Ignores a directory that was removed after it was listed; starts polling if a limit is reached. */
  #onError(error: unknown): void {
    const limit = limits[systemCode(error) ?? ''];
    if (limit === undefined && systemCode(error) !== 'ENOENT') throw error;
    if (limit === undefined || this.#poll !== undefined) return;
    this.#warn(
      `the limit ${limit} is reached: checking for changes once per second; raise it with: sysctl -w ${limit}=…`,
    );
    this.#poll = setInterval(() => this.#notify(), pollMs);
  }

  #drop(path: string): void {
    this.#watchers.get(path)?.watcher.close();
    this.#watchers.delete(path);
  }
}

/** Calls `warn` if a system limit is reached, and if the directory itself is removed. */
export const watchFiles = (
  directory: string,
  warn: Warn = () => {},
  watch: typeof watchPath = watchPath,
): Watched => new DirectoryWatch(directory, warn, watch);
