// The files that a module is built from.

import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { runMarker } from '../../harness/base/run-marker.js';
import { messageOf } from '../../harness/base/thrown.js';

/** What an earlier build in the directory left, what is hidden, and what is not for the compiler. */
const ignored =
  /^\.|~$|\.(ko|o|a|mod|cmd|symvers|order|md|json|txt|conf|patch|log|rules|test\.ts)$|\.mod\.c$|^Module\.symvers$|^modules\.order$|^node_modules$/;

const walk = async (directory: string): Promise<string[]> => {
  const found: string[] = [];
  const names = (await readdir(directory)).sort();
  if (names.includes(runMarker)) return found;
  for (const name of names) {
    if (ignored.test(name)) continue;
    const path = join(directory, name);
    if ((await stat(path)).isDirectory()) found.push(...(await walk(path)));
    else found.push(path);
  }
  return found;
};

/** The source files below `directory`, sorted, relative to it. DRIVER_SOURCE unless there is a Kbuild or Makefile. */
export const listSources = async (directory: string): Promise<string[]> => {
  const paths = await walk(directory).catch((cause: unknown) => {
    const reason = messageOf(cause);
    throw new HarnessError('DRIVER_SOURCE', { directory, reason }, cause);
  });
  const files = paths.map((path) => relative(directory, path).split(sep).join('/'));
  if (!files.includes('Kbuild') && !files.includes('Makefile')) {
    throw new HarnessError('DRIVER_SOURCE', {
      directory,
      reason: 'it has no Kbuild and no Makefile; expected one that names the modules (obj-m += …)',
    });
  }
  return files;
};

/** Of names and contents, and of whatever else in `context` the result depends on. 20 hex digits. */
export const hashSources = async (
  directory: string,
  files: readonly string[],
  context: readonly string[],
): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify(context));
  for (const file of files) {
    const content = await readFile(join(directory, file));
    hash.update(`\n${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 20);
};

/** Links become files: what they point to need not be visible to the build. */
export const copySources = async (directory: string, files: readonly string[], to: string): Promise<void> => {
  for (const file of files) await cp(join(directory, file), join(to, file), { dereference: true });
};

/** Makes the sources below `to` those in `directory`. What has not changed is not written: make goes by the time of change. */
export const updateSources = async (
  directory: string,
  files: readonly string[],
  to: string,
): Promise<void> => {
  const wanted = new Set(files);
  for (const path of await walk(to)) {
    if (!wanted.has(relative(to, path).split(sep).join('/'))) await rm(path);
  }
  for (const file of files) {
    const content = await readFile(join(directory, file));
    const present = await readFile(join(to, file)).catch(() => undefined);
    if (present?.equals(content)) continue;
    await mkdir(dirname(join(to, file)), { recursive: true });
    await writeFile(join(to, file), content);
  }
};
