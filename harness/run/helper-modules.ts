// The harness's own kernel modules (images/kernels/helpers), which scenarios load in addition to the driver.

import { asset } from '../../images/asset.js';
import { buildModules, type ModuleSet } from '../../images/kernels/build.js';
import type { Environment } from './environment.js';

/** Builds them for the environment's kernel, or finds them in the cache. */
export const helperModules = ({ kernel, root }: Pick<Environment, 'kernel' | 'root'>): Promise<ModuleSet> =>
  buildModules(kernel, root, asset('kernels', 'helpers'));
