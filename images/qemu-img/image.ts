// Makes and checks disk images with the scripts in this directory.

import { execa } from 'execa';
import { HarnessError } from '../../harness/base/errors.js';
import { asset } from '../asset.js';
import type { ToolRoot } from '../toolroot/enter.js';

type Tool = 'create-base' | 'overlay' | 'check' | 'compact' | 'flatten' | 'info' | 'compare';

/** From sysexits.h: the script refused its arguments and changed nothing. */
const EX_USAGE = 64;

/**
 * Runs a script; `answers` are the exit statuses that do not mean failure. Rejects with IMAGE_ARGUMENT if the
 * script refuses its arguments, and IMAGE_TOOL if it fails.
 */
export const runImageScript = async (
  root: ToolRoot,
  tool: Tool,
  args: readonly string[],
  answers = [0],
): Promise<{ status: number; stdout: string }> => {
  const result = await execa(asset('qemu-img', tool), args, {
    env: { VMMCI_TOOLROOT: root.path },
    reject: false,
  });
  const { exitCode, stdout, stderr } = result;
  if (exitCode !== undefined && answers.includes(exitCode)) return { status: exitCode, stdout };
  const reason = stderr.trim() || stdout.trim() || (result.shortMessage ?? 'no reason given');
  throw new HarnessError(exitCode === EX_USAGE ? 'IMAGE_ARGUMENT' : 'IMAGE_TOOL', { tool, reason });
};

interface BaseOptions {
  /** Size of the file system in MiB (default: what the files need, with some reserve). */
  size?: number | undefined;
  /** Label of the file system, at most 16 characters. */
  label?: string | undefined;
  /** Path of a debugfs script that sets owners and permissions which the files on the host cannot have. */
  inodes?: string | undefined;
}

/**
 * Makes a compressed qcow2 with an ext4 file system of the files in `directory`. The same files make the same
 * bytes.
 */
export const createBase = async (
  root: ToolRoot,
  directory: string,
  image: string,
  { size, label, inodes }: BaseOptions = {},
): Promise<void> => {
  const options = [
    ...(size === undefined ? [] : ['--size', String(size)]),
    ...(label === undefined ? [] : ['--label', label]),
    ...(inodes === undefined ? [] : ['--inodes', inodes]),
  ];
  await runImageScript(root, 'create-base', [directory, image, ...options]);
};

interface OverlayOptions {
  /** Size that the guest sees, in MiB (default: the size of the base). */
  size?: number | undefined;
  /** The base is a raw image, not a qcow2. */
  raw?: boolean | undefined;
}

/** Makes an empty qcow2 at `image` with `base` as its backing file. */
export const createOverlay = async (
  root: ToolRoot,
  base: string,
  image: string,
  { size, raw }: OverlayOptions = {},
): Promise<void> => {
  const options = [...(size === undefined ? [] : ['--size', String(size)]), ...(raw ? ['--raw'] : [])];
  await runImageScript(root, 'overlay', [base, image, ...options]);
};

const verdicts = { 0: 'sound', 2: 'damaged', 3: 'leaking' } as const;

export interface CheckResult {
  verdict: 'sound' | 'damaged' | 'leaking';
  /** The output of qemu-img check. */
  text: string;
}

/** Checks a qcow2 for damage and leaked clusters without changing it. */
export const checkImage = async (root: ToolRoot, image: string): Promise<CheckResult> => {
  const { status, stdout } = await runImageScript(root, 'check', [image], [0, 2, 3]);
  return { verdict: verdicts[status as keyof typeof verdicts], text: stdout };
};

/** Makes a sparse raw image at `to` with what a guest sees in the qcow2 `image`. */
export const flattenImage = async (root: ToolRoot, image: string, to: string): Promise<void> => {
  await runImageScript(root, 'flatten', [image, to]);
};
