// The workflow that `vmmci init` writes: the steps of action.yml, with the package that npm installs.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { packageManifest } from '../../images/asset.js';
import { HarnessError } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';

const { name: packageName, version } = packageManifest();

export interface Install {
  /** Installs this package at the root of the repository. */
  readonly command: string;
  /** Says where it comes from, for the author of the driver. */
  readonly note: string;
}

const dependencies = v.optional(v.record(v.string(), v.string()), {});

const repositoryManifest = v.object({
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
});

/** The version, range or path with which package.json asks for this package. */
const wantedBy = async (path: string): Promise<string | undefined> => {
  try {
    const file = v.parse(repositoryManifest, JSON.parse(await readFile(path, 'utf8')));
    return { ...file.optionalDependencies, ...file.devDependencies, ...file.dependencies }[packageName];
  } catch (error) {
    throw new HarnessError('INVALID_VALUE', {
      name: path,
      expected: 'a package.json',
      value: messageOf(error),
    });
  }
};

/** How a runner gets this package: as package.json says, or this version by name. */
export const describeInstall = async (repository: string): Promise<Install> => {
  const manifest = join(repository, 'package.json');
  const wanted = existsSync(manifest) ? await wantedBy(manifest) : undefined;
  if (wanted === undefined)
    return {
      command: `npm install --no-save ${packageName}@${version}`,
      note: `the workflow installs ${packageName} ${version} with npm, whose registry must have it`,
    };
  const command = existsSync(join(repository, 'package-lock.json')) ? 'npm ci' : 'npm install';
  return /^(file|link):/.test(wanted)
    ? {
        command,
        note: `package.json takes ${packageName} from ${wanted}; the workflow works only where that is in the repository`,
      }
    : { command, note: `the workflow installs ${packageName} as package.json says: ${wanted}` };
};

/** `driver` is the directory of the driver, relative to the repository. */
export const workflowText = (
  driver: string,
  install: string,
): string => `# Tests the driver on a kernel of each series. Where ${packageName} has a repository on GitHub, its action does the same in
# one step: see its docs/ci.md.
name: vmmci
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 90
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0
        with:
          node-version: "22"
      - run: ${install}
      # Access to /dev/kvm, user namespaces, and the host's packages.
      - run: node_modules/${packageName}/.github/prepare-runner.sh
      - id: week
        run: echo "week=$(date --utc +%G-%V)" >>"$GITHUB_OUTPUT"
      - uses: actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0
        with:
          path: |
            ~/.cache/vmmci-harness/toolroot
            ~/.cache/vmmci-harness/kernels
          key: vmmci-\${{ steps.week.outputs.week }}
          restore-keys: vmmci-
      - run: npx vmmci matrix --driver ${driver} --scenarios ${join(driver, 'vmmci')} --output vmmci-report
      - if: \${{ !cancelled() }}
        run: if [ -e vmmci-report/summary.md ]; then cat vmmci-report/summary.md >>"$GITHUB_STEP_SUMMARY"; fi
      - if: \${{ !cancelled() }}
        uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        with:
          name: vmmci-report
          path: vmmci-report
          if-no-files-found: ignore
`;
