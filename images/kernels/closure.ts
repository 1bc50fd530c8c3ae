// Resolves module names to the module files that a guest must load.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import type { Kernel } from './kernel.js';
import {
  moduleName,
  parseAliases,
  parseBuiltin,
  parseBuiltinAliases,
  parseDependencies,
  parseSoftDependencies,
} from './module-index.js';

/**
 * Absolute paths (`.ko`, `.ko.xz` or `.ko.zst`) in load order: each module follows its dependencies, soft
 * ones included, without which ext4 of 5.10 does not find its checksum. Modules built into the image are left
 * out. The caller must tolerate modules that refuse to load: crc32c-intel fails on a processor without SSE
 * 4.2. Rejects with KERNEL_MODULE for a name that the kernel lacks.
 */
export const moduleClosure = async (
  { release, modulesDirectory }: Pick<Kernel, 'release' | 'modulesDirectory'>,
  names: readonly string[],
): Promise<string[]> => {
  const read = (file: string) => readFile(join(modulesDirectory, file), 'utf8');
  const files = parseDependencies(await read('modules.dep'));
  const builtin = parseBuiltin(await read('modules.builtin'));
  const builtinAliases = parseBuiltinAliases(await read('modules.builtin.modinfo'));
  const soft = parseSoftDependencies(await read('modules.softdep'));
  const aliases = parseAliases(await read('modules.alias'));
  const order = new Set<string>();
  const seen = new Set<string>();

  /** Modules that satisfy a soft dependency, which may be an alias, and which no module need satisfy. */
  const providers = (wanted: string): string[] => {
    const name = moduleName(wanted);
    if (files.has(name)) return [name];
    if (builtin.has(name) || builtinAliases.has(wanted)) return [];
    return aliases.get(wanted) ?? [];
  };
  const add = (name: string): void => {
    const file = files.get(name);
    if (!file || seen.has(name)) return;
    seen.add(name);
    for (const before of soft.get(name) ?? []) for (const provider of providers(before)) add(provider);
    for (const need of file.needs) add(moduleName(need));
    order.add(join(modulesDirectory, file.path));
  };
  for (const wanted of names) {
    const name = moduleName(wanted);
    if (!files.has(name) && !builtin.has(name))
      throw new HarnessError('KERNEL_MODULE', { release, module: wanted });
    add(name);
  }
  return [...order];
};
