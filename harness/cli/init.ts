// `vmmci init`: writes the files with which a driver's repository tests its driver.

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { listSources } from '../../images/kernels/module-sources.js';
import { HarnessError } from '../base/errors.js';
import { descriptionFile, parseDriver } from '../driver/description.js';
import { inspectSources } from '../driver/inspect-sources.js';
import { describes, knownDrivers } from '../driver/known-drivers.js';
import { defineCommand } from './define-command.js';
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

/** The content of vmmci-driver.json. Throws INIT_UNKNOWN if the sources do not contain a required value. */
const describeDriver = async (directory: string): Promise<string> => {
  const files = (await listSources(directory)).map(({ path }) => path);
  const build = join(directory, files.includes('Kbuild') ? 'Kbuild' : 'Makefile');
  const kbuild = await readFile(build, 'utf8');
  const seen = inspectSources(kbuild, await readTexts(directory, files));
  const { modules, pciDriver, virtioDriver, time, parameters } = seen;
  // The built-in description of a public driver has more than can be read from its sources.
  const known = time?.kind === 'sysfs' ? undefined : knownDrivers.find((one) => describes(one, kbuild));
  const refuse = (what: string): void => {
    if (known !== undefined) return;
    throw new HarnessError('INIT_UNKNOWN', { directory, what, file: descriptionFile });
  };
  if (modules.length === 0) refuse(`modules: ${build} has no obj-m += …`);
  if (pciDriver === undefined) refuse('pciDriver: no struct pci_driver with a .name');
  if (virtioDriver === undefined) refuse('virtioDriver: no struct virtio_driver with a .name');
  const description = {
    $schema: schemaPath,
    name: basename(directory).replaceAll(/[^\w.-]/g, '-') || 'driver',
    modules,
    pciDriver,
    virtioDriver,
    time,
    parameters,
    ...(known === undefined ? {} : (JSON.parse(known.text) as object)),
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

/** `driver` is the directory of the driver, relative to the repository. */
const workflowText = (driver: string): string => `name: vmmci
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 90
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
      - uses: actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0
        with:
          node-version: '22'
      - uses: actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0
        with:
          path: |
            ~/.cache/vmmci-harness/toolroot
            ~/.cache/vmmci-harness/kernels
          key: vmmci
      - run: npm install --no-save vmmci-harness
      - run: node_modules/vmmci-harness/images/toolroot/prepare-host.sh
      - run: npx vmmci matrix --driver ${driver} --scenarios ${join(driver, 'vmmci')} --output vmmci-report
      - if: \${{ !cancelled() }}
        run: cat vmmci-report/summary.md >>"$GITHUB_STEP_SUMMARY"
      - if: \${{ !cancelled() }}
        uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        with:
          name: vmmci-report
          path: vmmci-report
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
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { flag: 'wx' });
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
  await writeNew(join(repository, workflowPath), () => workflowText(relative(repository, directory) || '.'));
  print(`\nnext: vmmci test --driver ${asked} --scenarios ${join(asked, 'vmmci')}`);
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
