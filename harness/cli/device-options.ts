// Options of the commands that serve a device, with their checks.

import { dirname, resolve } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { resolveClock } from '../device/clock-spec.js';
import { stalePolicies } from '../pci/stale.js';
import { makeSocketDirectory } from '../socket/directory.js';
import { checkSocketPath } from '../socket/path.js';
import { clockForms } from '../vmmci/clock.js';
import { defaultGeneration, generationNames } from '../vmmci/generations.js';
import { defaultSlot, lastSlot } from '../vmmci/slots.js';
import { count, oneOf, value } from './option.js';
import { note } from './print.js';

export const generation = value(
  'NAME',
  `emulate the vmd of this OpenBSD release: ${generationNames.join(', ')}`,
  {
    read: oneOf(generationNames),
    fallback: defaultGeneration,
  },
);

export const stale = value(
  'POLICY',
  `value of a read where there is no register: ${stalePolicies.join(', ')}`,
  {
    read: oneOf(stalePolicies),
    fallback: 'repeat',
  },
);

export const slot = value('N', 'slot of the function in vmd, 1 to 10', {
  read: count(lastSlot),
  fallback: String(defaultSlot),
});

/** Checked while options are read, so that nothing listens if it is wrong. */
export const clock = value('SPEC', `the host's clock: ${clockForms}`, {
  read: (text) => resolveClock(text),
  fallback: 'running',
});

/** Checks that a path can be used for a socket. */
export const socketPath = (path: string): string => {
  checkSocketPath(path);
  return path;
};

export const control = value('PATH', 'listen on this socket for vmmci ctl', { read: socketPath });

/**
 * Creates missing directories of sockets, with a message, since the user did not ask for them. Throws
 * SOCKET_PATH, and INVALID_VALUE if both are the same socket.
 */
export const makeSocketDirectories = ({
  socket,
  control,
}: {
  readonly socket: string;
  readonly control: string | undefined;
}): void => {
  if (control !== undefined && resolve(control) === resolve(socket))
    throw new HarnessError('INVALID_VALUE', {
      name: '--control',
      expected: 'another path than that of --socket',
      value: control,
    });
  for (const path of [socket, control])
    if (path !== undefined && makeSocketDirectory(path)) note(`vmmci: created directory ${dirname(path)}`);
};

export const readyNote =
  'Prints a JSON line {"ready":true,…} when it listens, and one for each VM that vmd would end.\nSIGTERM stops it.';
