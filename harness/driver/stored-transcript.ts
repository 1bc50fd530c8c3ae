// The transcript of a driver that is kept beside its sources.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { fromFile, type Phase, toFile } from './transcript.js';

/** Its name beside the sources. */
export const transcriptFile = 'transcript.txt';

const pathOf = (driver: string): string => join(driver, transcriptFile);

/** Undefined when there is none in that driver's directory. TRANSCRIPT_READ when it cannot be read. */
export const readTranscript = async (driver: string): Promise<readonly Phase[] | undefined> => {
  const path = pathOf(driver);
  try {
    return fromFile(await readFile(path, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    const reason = messageOf(error);
    throw new HarnessError('TRANSCRIPT_READ', { path, reason }, error);
  }
};

/** Resolves with the path of the file. */
export const writeTranscript = async (driver: string, phases: readonly Phase[]): Promise<string> => {
  const path = pathOf(driver);
  await writeFile(path, toFile(phases));
  return path;
};
