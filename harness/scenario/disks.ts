// Creates the disks of a scenario's machine for each scenario: the payload with the driver, and a data disk.

import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataSize, writeDataDisk } from '../../images/guest/data-disk.js';
import { externalDependencies } from '../../images/guest/module-depends.js';
import { modulePayload } from '../../images/guest/module-payload.js';
import type { Entry, FileEntry } from '../../images/guest/newc.js';
import { writePayload } from '../../images/guest/payload.js';
import { kernelModules, siblingModules } from '../../images/guest/sibling-modules.js';
import { moduleClosure } from '../../images/kernels/closure.js';
import { hasCode } from '../base/errors.js';
import { driverNeeds } from '../guest/disks.js';
import { type Disk, type Siblings, slots } from '../qemu/argv.js';
import { diskSlots } from '../qemu/layout.js';
import type { Environment } from '../run/environment.js';
import { helperModules } from '../run/helper-modules.js';
import { onceFor } from './once-for.js';

const sparse = async (path: string, size: number): Promise<void> => {
  const file = await open(path, 'w', 0o600);
  await file.truncate(size);
  await file.close();
};

/** The key of a payload: all guests with the same driver build share one. */
const builtDriver = ({ modules }: Environment): object => modules;

/** Module files, at the paths at which modprobe finds them. */
const moduleFiles = ({ modules, directory }: Environment['modules'], { release }: Environment['kernel']) =>
  Promise.all(
    modules.map(
      async (name): Promise<FileEntry> => ({
        path: `lib/modules/${release}/extra/${name}`,
        type: 'file',
        content: await readFile(join(directory, name)),
      }),
    ),
  );

/**
 * The kernel module that tells QEMU where the kernel's structures are in a dump of the memory. Without it,
 * QEMU dumps the memory without that information.
 */
const dumpModules = async ({ choice, kernel }: Environment): Promise<string[]> => {
  if (!choice.dump) return [];
  const names = ['qemu_fw_cfg'];
  return moduleClosure(kernel, names).then(
    () => names,
    (error: unknown) => {
      if (!hasCode(error, 'KERNEL_MODULE')) throw error;
      return [];
    },
  );
};

/**
 * The driver's modules, and the modules of the kernel that they need. The guest loads the latter, which
 * `list` names, before its resources are noted, because the driver does not have to unload a module of the
 * kernel.
 */
const driverFiles = async (environment: Environment) => {
  const { kernel, root } = environment;
  const own = await moduleFiles(environment.modules, kernel);
  const needs = [...externalDependencies(own), ...(await dumpModules(environment))];
  const list = Buffer.from(needs.map((name) => `${name}\n`).join(''));
  return {
    modules: [...own, ...(await kernelModules(kernel, root, needs))],
    list: { path: driverNeeds, type: 'file', content: list } satisfies FileEntry,
  };
};

const driverPayload = onceFor(builtDriver, async (environment) => {
  const { modules, list } = await driverFiles(environment);
  return [...(await modulePayload(environment.kernel, environment.root, modules)), list];
});

/**
 * The same with the harness's own modules, which are built for the kernel when a scenario first needs them.
 */
const helpersPayload = onceFor(builtDriver, async (environment) => {
  const { kernel, root } = environment;
  const { modules, list } = await driverFiles(environment);
  const helpers = await moduleFiles(await helperModules(environment), kernel);
  return [...(await modulePayload(kernel, root, [...modules, ...helpers])), list];
});

const vmdPayload = onceFor(builtDriver, async (environment) => {
  const { kernel, root } = environment;
  const [{ modules, list }, siblings] = await Promise.all([
    driverFiles(environment),
    siblingModules(kernel, root),
  ]);
  return [...(await modulePayload(kernel, root, [...modules, ...siblings])), list];
});

const payloadDisk = async (directory: string, slot: number, files: readonly Entry[]): Promise<Disk> => {
  const path = join(directory, 'payload.img');
  await writePayload(path, files);
  return { name: 'payload', slot, path };
};

const dataDisk = async ({ root }: Environment, directory: string, format: boolean): Promise<Disk> => {
  const disk = { name: 'data', slot: slots.data, path: join(directory, 'data.img') };
  if (format) return { ...disk, format: 'qcow2', base: await writeDataDisk(disk.path, root) };
  await sparse(disk.path, dataSize);
  return disk;
};

/**
 * Creates the payload and the data disk in `directory`. With `format`, the data disk is a qcow2 with an empty
 * ext4; otherwise it is raw and empty.
 */
export const makeDisks = async (
  environment: Environment,
  directory: string,
  { format, helpers = false }: { format: boolean; helpers?: boolean | undefined },
): Promise<[payload: Disk, data: Disk]> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return Promise.all([
    payloadDisk(directory, slots.payload, await (helpers ? helpersPayload : driverPayload)(environment)),
    dataDisk(environment, directory, format),
  ]);
};

/** The disks of vmd's machine: the payload, which also has drivers for the other devices, and empty disks. */
export const makeVmdDisks = async (
  environment: Environment,
  directory: string,
  siblings: Siblings,
): Promise<Disk[]> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const [first = 0, ...others] = diskSlots(siblings);
  const payload = await payloadDisk(directory, first, await vmdPayload(environment));
  const empty = others.map(async (slot, index): Promise<Disk> => {
    const name = `disk${index + 2}`;
    const path = join(directory, `${name}.img`);
    await sparse(path, dataSize);
    return { name, slot, path };
  });
  return [payload, ...(await Promise.all(empty))];
};
