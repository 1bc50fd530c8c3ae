// The QEMU to run: the tool root's, or one of the host's own.

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { execa } from 'execa';
import { type Bind, enter, type ToolRoot } from '../../images/toolroot/enter.js';
import { checkNamespaces } from '../../images/toolroot/host.js';
import { HarnessError } from '../base/errors.js';
import { firstLine } from '../base/text.js';

export interface Qemu {
  path: string;
  /** `11.1.3` */
  version: string;
  /** The first line of `--version`, with the distribution's own build number: what a snapshot depends on. */
  build: string;
  /** What to execute so that QEMU runs with `args` and dies with this process, also when that is killed. */
  command(args: readonly string[], binds?: readonly Bind[]): { file: string; args: string[] };
}

const program = 'qemu-system-x86_64';

/** The first release with the vfio-user client. */
const oldest = [10, 2] as const;

/** `QEMU emulator version 11.1.3 (Debian …)` gives `11.1.3`; undefined for anything else. */
export const parseVersion = (line: string): string | undefined =>
  /^QEMU emulator version (\d+\.\d+\.\d+)/.exec(line)?.[1];

export const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
};

type Command = Qemu['command'];

// A host's own QEMU sees the host's files as they are; bubblewrap is there only to tie its life to ours.
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

const ask = async (command: Command, path: string, args: readonly string[]): Promise<string> => {
  const { file, args: all } = command(args);
  const { stdout, stderr, failed, shortMessage } = await execa(file, all, { reject: false, stdin: 'ignore' });
  if (!failed) return stdout;
  // Every QEMU is started by bubblewrap: where that cannot work, no other QEMU helps.
  await checkNamespaces();
  const reason = `\`${args.join(' ')}\` failed: ${firstLine(stderr) || firstLine(shortMessage)}`;
  throw unusable(path, reason, `Give --qemu another ${program}`);
};

/**
 * Finds QEMU and proves that it can be used: at `path` on the host, else in the tool root.
 * HOST_NAMESPACE; QEMU_UNUSABLE when it is missing, older than 10.2, or built without vfio-user.
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
        'no such program',
        `Leave out --qemu to use the tool root's ${program}`,
        cause,
      );
    });
  }
  const shown = hostPath ?? `${program} of the tool root`;
  const command = hostPath === undefined ? inToolRoot(root) : onHost(hostPath);
  const [versionText, devices] = await Promise.all([
    ask(command, shown, ['--version']),
    ask(command, shown, ['-device', 'help']),
  ]);
  const build = firstLine(versionText);
  const version = parseVersion(build);
  const next = `Use QEMU ${oldest.join('.')} or newer, or leave out --qemu`;
  if (version === undefined) throw unusable(shown, `--version says ${JSON.stringify(build)}`, next);
  if (!isNewEnough(version)) throw unusable(shown, `it is version ${version}`, next);
  if (!/^name "vfio-user-pci"/m.test(devices)) {
    throw unusable(shown, `version ${version} was built without the device vfio-user-pci`, next);
  }
  return { path: hostPath ?? program, version, build, command };
};
