// Records which probes of an instrumented driver a scenario has passed.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProbes } from '../coverage/decode.js';
import { passedFile } from '../coverage/passed.js';

/** `bytes` is the output of the probes. */
export const writeCoverage = async (directory: string, bytes: Buffer): Promise<void> => {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, passedFile), JSON.stringify(decodeProbes(bytes)));
};
