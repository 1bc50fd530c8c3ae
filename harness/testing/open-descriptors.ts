// Counting what is open is how tests see a leak.

import { readdirSync } from 'node:fs';

/** How many descriptors this process holds (the one of the count itself left out). */
export const openDescriptors = (): number => readdirSync('/proc/self/fd').length - 1;
