// What reports call the driver under test.

import { basename, resolve } from 'node:path';
import { asset } from '../../images/asset.js';
import type { DriverDescription } from '../driver/description.js';

/** The name in the description of the driver of this repository. */
export const bundledName = 'bundled';

/**
 * A copy of the bundled driver gets the name of its directory: its description still says `bundled`, so its
 * author would read that another driver was tested.
 */
export const nameDriver = <Driver extends Pick<DriverDescription, 'name'>>(
  driver: Driver,
  directory: string,
): Driver => {
  if (driver.name !== bundledName || resolve(directory) === resolve(asset('driver'))) return driver;
  const name = basename(resolve(directory)).replace(/[^\w.-]/g, '-');
  return { ...driver, name: name === '' || name === bundledName ? 'copy-of-bundled' : name };
};
