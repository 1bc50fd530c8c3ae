// `vmmci shell --gdb`: QEMU's stub, symbols of kernel and driver, and a gdb that has both.

import { createHash } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildModules } from '../../images/kernels/build.js';
import { enter } from '../../images/toolroot/enter.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { cacheDirectory } from '../base/cache/directory.js';
import { publish } from '../base/cache/publish.js';
import { HarnessError } from '../base/errors.js';
import { shellWord } from '../base/text.js';
import { readSlide, readSymbols } from '../guest/kernel-symbols.js';
import { type ModuleSections, readSections } from '../guest/module-sections.js';
import { symbolFile } from '../guest/symbol-file.js';
import { serveGdb } from '../qemu/gdb-stub.js';
import type { Environment } from '../run/environment.js';
import type { OpenedShell } from './shell-guest.js';

/** The path of the sources during compilation (images/kernels/compile.ts). */
const buildPath = '/build';

/**
 * The same environment, its driver compiled with line numbers. Rejects with KERNEL_LACKS for a 32-bit kernel.
 */
export const withLines = async (environment: Environment, progress: Progress): Promise<Environment> => {
  const { kernel, root, choice } = environment;
  if (kernel.architecture !== 'amd64') {
    const reason = '--gdb needs a 64-bit kernel, and this one has 32 bits';
    throw new HarnessError('KERNEL_LACKS', { release: kernel.release, reason });
  }
  return {
    ...environment,
    modules: await buildModules(kernel, root, choice.driver, { progress, lines: true }),
  };
};

/** Increase it when the format of the file with a kernel's symbols changes. */
const recipe = 1;

/** The path of a file with the kernel's symbols, which the guest is asked for once. */
const kernelSymbols = ({ kernel }: Environment, { vm }: OpenedShell, progress: Progress): Promise<string> => {
  const key = createHash('sha256').update(`${recipe} ${kernel.version}`).digest('hex').slice(0, 8);
  return publish(join(cacheDirectory(), 'guest', `${kernel.release}-${key}.symbols`), async (temporary) => {
    progress(`reading the symbols of ${kernel.release}, once for each kernel`);
    const symbols = await readSymbols(vm.shell, { device: '/dev/data', image: vm.data().path });
    await writeFile(temporary, symbolFile(symbols));
  });
};

const moduleLine = (directory: string, { module, text, others }: ModuleSections): string =>
  [
    `add-symbol-file ${join(directory, `${module}.ko`)} ${text}`,
    ...others.map(({ name, address }) => `-s ${name} ${address}`),
  ].join(' ');

export interface GdbFiles {
  /** A program that starts the tool root's gdb with the commands. */
  readonly program: string;
  /** The path of a file with commands that any gdb can run with `source`. */
  readonly commands: string;
}

/**
 * Starts the stub and writes what a gdb needs, in `directory`. Modules that are not loaded have no addresses
 * and are left out.
 */
export const openGdb = async (
  environment: Environment,
  opened: OpenedShell,
  { directory, shared, progress }: { directory: string; shared: string; progress: Progress },
): Promise<GdbFiles> => {
  const { vm, driver } = opened;
  const { modules, root } = environment;
  const symbols = await kernelSymbols(environment, opened, progress);
  const slide = await readSlide(vm.shell);
  const loaded = await driver.loaded();
  const sections: ModuleSections[] = [];
  for (const module of loaded) sections.push(await readSections(vm.shell, module));
  const socket = join(shared, 'gdb.sock');
  await serveGdb(vm.machine, socket);

  const sources = environment.driver.directory;
  const commands = join(directory, 'gdb.commands');
  const lines = [
    'set confirm off',
    'set pagination off',
    'set architecture i386:x86-64',
    `set substitute-path ${buildPath} ${sources}`,
    `add-symbol-file ${symbols} -o 0x${slide.toString(16)}`,
    ...sections.map((one) => moduleLine(modules.directory, one)),
    `target remote ${socket}`,
  ];
  await writeFile(commands, `${lines.join('\n')}\n`);
  const program = join(directory, 'gdb');
  const { file, args } = enter(root, ['gdb', '-q', '-x', commands], {
    binds: [directory, shared, sources, modules.directory, symbols].map((path) => ({ path })),
    env: { TERM: process.env.TERM },
  });
  await writeFile(program, `#!/bin/sh\nexec ${[file, ...args].map(shellWord).join(' ')} "$@"\n`);
  await chmod(program, 0o700);
  return { program, commands };
};
