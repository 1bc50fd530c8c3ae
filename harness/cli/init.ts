// `vmmci init`: writes the files with which a driver's repository tests its driver.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { listSources } from '../../images/kernels/module-sources.js';
import { HarnessError } from '../base/errors.js';
import { makeDirectory } from '../base/make-directory.js';
import { createFile } from '../base/write-file.js';
import { descriptionFile, parseDriver } from '../driver/description.js';
import { inspectSources } from '../driver/inspect-sources.js';
import { describes, knownDrivers } from '../driver/known-drivers.js';
import { defineCommand } from './define-command.js';
import { describeInstall, workflowText } from './init-workflow.js';
import { print } from './print.js';

/**
 * The path of the schema if this package is installed in the repository; editors check the file against it.
 */
const schemaPath = 'node_modules/vmmci-harness/harness/driver/vmmci-driver.schema.json';

const scenarioPath = join('vmmci', 'first.scenario.mjs');
const workflowPath = join('.github', 'workflows', 'vmmci.yml');

const readTexts = async (directory: string, files: readonly string[]): Promise<Map<string, string>> =>
  new Map(
    await Promise.all(
      files
        .filter((file) => /\.[ch]$/.test(file))
        .map(async (file) => [file, await readFile(join(directory, file), 'utf8')] as const),
    ),
  );

/**
 * The content of vmmci-driver.json. Rejects with INIT_UNKNOWN if the sources do not contain a required value.
 */
const describeDriver = async (directory: string): Promise<string> => {
  const files = (await listSources(directory)).map(({ path }) => path);
  const build = join(directory, files.includes('Kbuild') ? 'Kbuild' : 'Makefile');
  const kbuild = await readFile(build, 'utf8');
  const sources = await readTexts(directory, files);
  const seen = inspectSources(kbuild, sources);
  const { modules, pciDriver, virtioDriver, time, parameters } = seen;
  // The built-in description of a public driver has more than can be read from its sources.
  const known = time?.kind === 'sysfs' ? undefined : knownDrivers.find((one) => describes(one, kbuild));
  const refuse = (what: string): void => {
    if (known !== undefined) return;
    throw new HarnessError('INIT_UNKNOWN', { directory, what, file: descriptionFile });
  };
  if (modules.length === 0) refuse(`modules: ${build} has no obj-m += …`);
  if (pciDriver === undefined) refuse('pciDriver: no struct pci_driver with a .name');
  // Without a virtio driver, the PCI driver does everything.
  const isVirtio = [...sources.values()].some((text) => /\bstruct virtio_driver\b/.test(text));
  if (virtioDriver === undefined && isVirtio) refuse('virtioDriver: no struct virtio_driver with a .name');
  const description = {
    $schema: schemaPath,
    name: basename(directory).replaceAll(/[^\w.-]/g, '-') || 'driver',
    modules,
    pciDriver,
    virtioDriver,
    time,
    ...(parameters.length > 0 && { parameters }),
    ...known?.fieldsFor([...sources.values()].join('\n')),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
};

const scenarioText = `import { scenario } from 'vmmci-harness/scenario';

// The driver is loaded in a fresh guest, and the host's clock is frozen at this instant.
scenario('first', { clock: 'frozen:2038-01-19T03:14:08Z' }, async ({ check, device }) => {
  const driverOk = 0x04;
  check('driver').equal('DRIVER_OK is set', (device.vmmci.state().status & driverOk) !== 0, true);
});
`;

/** The closest directory with a .git, from `directory` upward; `directory` itself if there is none. */
const repositoryOf = (directory: string): string => {
  for (let above = directory; ; above = dirname(above)) {
    if (existsSync(join(above, '.git'))) return above;
    if (dirname(above) === above) return directory;
  }
};

/** Writes a file unless it exists. */
const writeNew = async (path: string, content: () => Promise<string> | string): Promise<void> => {
  const shown = relative(process.cwd(), path);
  if (existsSync(path)) {
    print(`kept   ${shown}`);
    return;
  }
  const text = await content();
  makeDirectory(dirname(path));
  await createFile(path, text);
  print(`wrote  ${shown}`);
};

/** Exit status: always 0; errors are thrown. */
const run = async (_: object, [asked = '.']: readonly string[]): Promise<number> => {
  const directory = resolve(asked);
  const repository = repositoryOf(directory);
  const description = join(directory, descriptionFile);
  await writeNew(description, () => describeDriver(directory));
  parseDriver(description, directory, await readFile(description, 'utf8'));
  await writeNew(join(directory, scenarioPath), () => scenarioText);
  const install = await describeInstall(repository);
  const driver = relative(repository, directory) || '.';
  await writeNew(join(repository, workflowPath), () => workflowText(driver, install.command));
  print(`\nnote: ${install.note}`);
  // npx runs what is installed in the repository, where the shell does not find it.
  const vmmci = process.env.npm_command === 'exec' ? 'npx vmmci' : 'vmmci';
  print(`next: ${vmmci} test --driver ${asked} --scenarios ${join(asked, 'vmmci')}`);
  return 0;
};

export const command = defineCommand({
  operands: [
    { syntax: '[DIR]', help: 'the Kbuild directory of the driver (default: the working directory)' },
  ],
  options: {},
  notes: [`Writes ${descriptionFile}, a first scenario and a workflow. Existing files are kept.`],
  run,
});
