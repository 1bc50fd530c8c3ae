// Options of the commands that make a device, and the checks that name them.

import { dirname } from 'node:path';
import { resolveClock } from '../device/clock-spec.js';
import { stalePolicies } from '../pci/stale.js';
import { makeSocketDirectory } from '../socket/directory.js';
import { checkSocketPath } from '../socket/path.js';
import { CLOCK_FORMS } from '../vmmci/clock.js';
import { DEFAULT_GENERATION, generationNames } from '../vmmci/generations.js';
import { DEFAULT_SLOT, lastSlot } from '../vmmci/slots.js';
import { count, oneOf, value } from './option.js';
import { note } from './print.js';

export const generation = value(
  'NAME',
  `the OpenBSD release whose vmd is meant: ${generationNames.join(', ')}`,
  {
    read: oneOf(generationNames),
    fallback: DEFAULT_GENERATION,
  },
);

export const stale = value(
  'POLICY',
  `what a read gives where there is no register: ${stalePolicies.join(', ')}`,
  {
    read: oneOf(stalePolicies),
    fallback: 'repeat',
  },
);

export const slot = value('N', 'the slot that vmd would have the function in, 1 to 10', {
  read: count(lastSlot),
  fallback: String(DEFAULT_SLOT),
});

/** Checked here, made where the device is: nothing may listen when it is wrong. */
export const clock = value('SPEC', `the host's clock: ${CLOCK_FORMS}`, {
  read: (text) => resolveClock(text),
  fallback: 'running',
});

/** Reads a path that a socket can have. */
export const socketPath = (path: string): string => {
  checkSocketPath(path);
  return path;
};

export const control = value('PATH', 'where to listen for vmmci ctl', { read: socketPath });

/** Makes directories of sockets that are missing, and says so: nobody asked for them. Throws SOCKET_PATH. */
export const makeSocketDirectories = (...paths: (string | undefined)[]): void => {
  for (const path of paths)
    if (path !== undefined && makeSocketDirectory(path)) note(`vmmci: made directory ${dirname(path)}`);
};

export const readyNote =
  'Prints a JSON line {"ready":true,…} when it listens, and one for each VM it would end; SIGTERM ends it.';
