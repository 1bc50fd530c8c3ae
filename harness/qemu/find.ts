// Finds the QEMU to run: the tool root's, or one that is installed on the host.

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { execa } from 'execa';
import { type Bind, enter, type ToolRoot } from '../../images/toolroot/enter.js';
import { checkNamespaces } from '../../images/toolroot/host.js';
import { isNewEnough, oldestQemu, parseQemuVersion } from '../../images/toolroot/qemu-version.js';
import { HarnessError } from '../base/errors.js';
import { firstLine } from '../base/text.js';

export interface Qemu {
  path: string;
  /** For example `11.1.3`. */
  version: string;
  /**
   * The first line of `--version`, which includes the distribution's build number. Snapshots depend on it.
   */
  build: string;
  /**
   * The command that runs QEMU with `args`. QEMU ends when this process ends, even if this process is killed.
   */
  command(args: readonly string[], binds?: readonly Bind[]): { file: string; args: string[] };
}

const program = 'qemu-system-x86_64';

type Command = Qemu['command'];

// A QEMU of the host sees the host's files unchanged. bubblewrap only ensures that it ends with this process.
const onHost =
  (path: string): Command =>
  (args) => ({
    file: 'bwrap',
    args: [
      '--dev-bind',
      '/',
      '/',
      '--unshare-pid',
      '--proc',
      '/proc',
      '--die-with-parent',
      '--',
      path,
      ...args,
    ],
  });

const inToolRoot =
  (root: ToolRoot): Command =>
  (args, binds = []) =>
    enter(root, [program, ...args], { binds });

const unusable = (path: string, reason: string, next: string, cause?: unknown): HarnessError =>
  new HarnessError('QEMU_UNUSABLE', { path, reason, next }, cause);

const run = async (command: Command, path: string, args: readonly string[]): Promise<string> => {
  const { file, args: all } = command(args);
  const { stdout, stderr, failed, shortMessage } = await execa(file, all, { reject: false, stdin: 'ignore' });
  if (!failed) return stdout;
  // bubblewrap starts every QEMU. If it cannot create namespaces, another QEMU would fail as well.
  await checkNamespaces();
  const reason = `\`${args.join(' ')}\` failed: ${firstLine(stderr) || firstLine(shortMessage)}`;
  throw unusable(path, reason, `Give --qemu another ${program}`);
};

/**
 * Finds QEMU, at `path` on the host or in the tool root, and checks that it is usable. Rejects with
 * HOST_NAMESPACE, or QEMU_UNUSABLE if QEMU is missing, older than 10.2 or built without vfio-user.
 */
export const findQemu = async ({
  path,
  root,
}: {
  path?: string | undefined;
  root: ToolRoot;
}): Promise<Qemu> => {
  const hostPath = path === undefined || isAbsolute(path) ? path : resolve(path);
  if (hostPath !== undefined) {
    await access(hostPath, constants.X_OK).catch((cause: unknown) => {
      throw unusable(
        hostPath,
        'there is no executable file',
        `Leave out --qemu to use the tool root's ${program}`,
        cause,
      );
    });
  }
  const shown = hostPath ?? `${program} of the tool root`;
  const command = hostPath === undefined ? inToolRoot(root) : onHost(hostPath);
  const [versionText, devices] = await Promise.all([
    run(command, shown, ['--version']),
    run(command, shown, ['-device', 'help']),
  ]);
  const build = firstLine(versionText);
  const version = parseQemuVersion(build);
  const next = `Use QEMU ${oldestQemu.join('.')} or newer, or leave out --qemu`;
  if (version === undefined) throw unusable(shown, `--version says ${JSON.stringify(build)}`, next);
  if (!isNewEnough(version)) throw unusable(shown, `it is version ${version}`, next);
  if (!/^name "vfio-user-pci"/m.test(devices)) {
    throw unusable(shown, `version ${version} was built without the device vfio-user-pci`, next);
  }
  return { path: hostPath ?? program, version, build, command };
};
