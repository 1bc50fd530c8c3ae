// Starts the servers of each kind as a daemon runs them, trace included.

import { join } from 'node:path';
import type { TraceSink } from '../base/trace.js';
import { startDevice } from '../device/device.js';
import { hostNow } from '../host/clock.js';
import { PciFunction } from '../pci/function.js';
import { closeFd, signalEventFd } from '../socket/descriptor.js';
import { serveFunction } from '../vfio-user/listen.js';
import { clockHolder, parseClock } from '../vmmci/clock.js';
import { Vmmci } from '../vmmci/device.js';
import { defaultGeneration, generations } from '../vmmci/generations.js';
import { realScheduler } from '../vmmci/scheduler.js';
import { directFrontEnd } from './direct-front-end.js';
import { listenEcho } from './echo.js';
import { type Kind, REQUEST_SIZE } from './kinds.js';

/**
 * Starts a server in its own directory and resolves with the path of its socket. The server runs until the
 * process ends.
 */
type Start = (directory: string, trace: TraceSink) => Promise<string>;

export const starts: Readonly<Record<Kind, Start>> = {
  echo: async (directory) => {
    const path = join(directory, 'echo.sock');
    await listenEcho(path, REQUEST_SIZE);
    return path;
  },
  'one-hop': async (directory, trace) => {
    const path = join(directory, 'function.sock');
    const generation = generations[defaultGeneration];
    const clock = clockHolder(parseClock('running', hostNow));
    const pci = new PciFunction({
      generation,
      eventfds: { signal: signalEventFd, close: closeFd },
      trace,
    });
    await pci.attach(directFrontEnd(new Vmmci({ generation, clock, scheduler: realScheduler(), trace })));
    await serveFunction(path, pci, { trace });
    return path;
  },
  'both-hops': async (directory, trace) => (await startDevice(directory, { trace })).functionSocket,
};
