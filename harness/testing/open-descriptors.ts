// Counts open descriptors, so that tests can detect a leak.

import { readdirSync } from 'node:fs';

/** The number of open descriptors, without the one that counting needs. */
export const openDescriptors = (): number => readdirSync('/proc/self/fd').length - 1;
