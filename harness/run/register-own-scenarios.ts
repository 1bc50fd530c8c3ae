// Enables this process to import scenario files of a driver's own repository.

import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const url = (...path: string[]): string => pathToFileURL(join(import.meta.dirname, ...path)).href;

export const registerOwnScenarios = (): void =>
  register(url('own-scenario-hooks.js'), { data: url('..', 'scenario', 'public.js') });
