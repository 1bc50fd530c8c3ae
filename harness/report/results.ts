// The results of a run, read back from what its scenarios wrote.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioResult } from '../run/result.js';

const directories = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
};

/** All results below `run`, by kernel and then by scenario. An empty list when nothing ran. */
export const readResults = async (run: string): Promise<ScenarioResult[]> => {
  const kernels = await directories(run);
  const scenarios = (await Promise.all(kernels.map(directories))).flat();
  return Promise.all(
    scenarios
      .sort()
      .map(async (path) => JSON.parse(await readFile(join(path, 'result.json'), 'utf8')) as ScenarioResult),
  );
};
