// Reads and writes the transcript that is stored beside the sources of a driver.

import { join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { readInput } from '../base/read-input.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { replaceFile } from '../base/write-file.js';
import { fromFile, type Phase, toFile } from './transcript.js';

/** The name of the file. */
export const transcriptFile = 'transcript.txt';

const pathOf = (driver: string): string => join(driver, transcriptFile);

/**
 * Reads the transcript of a driver; `undefined` if the file does not exist. Rejects with TRANSCRIPT_READ if
 * it cannot be read or parsed.
 */
export const readTranscript = async (driver: string): Promise<readonly Phase[] | undefined> => {
  const path = pathOf(driver);
  try {
    return fromFile(await readInput(path));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    const reason = messageOf(error);
    throw new HarnessError('TRANSCRIPT_READ', { path, reason }, error);
  }
};

/** Writes the transcript of a driver. Resolves with the path of the file. Rejects with HOST. */
export const writeTranscript = async (driver: string, phases: readonly Phase[]): Promise<string> => {
  const path = pathOf(driver);
  await replaceFile(path, toFile(phases));
  return path;
};
