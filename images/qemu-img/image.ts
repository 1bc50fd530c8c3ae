// Disk images, made and looked at by the scripts beside this file.

import { execa } from 'execa';
import { HarnessError } from '../../harness/base/errors.js';
import { asset } from '../asset.js';
import type { ToolRoot } from '../toolroot/enter.js';

type Tool = 'create-base' | 'overlay' | 'check' | 'compact' | 'flatten' | 'info' | 'compare';

/** EX_USAGE of sysexits.h: the script refused its arguments and touched nothing. */
const refused = 64;

/** Runs a script; `answers` are the exit statuses that are no failure. */
const call = async (root: ToolRoot, tool: Tool, args: readonly string[], answers = [0]) => {
  const result = await execa(asset('qemu-img', tool), args, {
    env: { VMMCI_TOOLROOT: root.path },
    reject: false,
  });
  const { exitCode, stdout, stderr } = result;
  if (exitCode !== undefined && answers.includes(exitCode)) return { status: exitCode, stdout };
  const reason = stderr.trim() || stdout.trim() || (result.shortMessage ?? 'no reason given');
  throw new HarnessError(exitCode === refused ? 'IMAGE_ARGUMENT' : 'IMAGE_TOOL', { tool, reason });
};

interface BaseOptions {
  /** Of the file system, in MiB; as much as the files need and some more when not given. */
  size?: number | undefined;
  label?: string | undefined;
  /** A script for debugfs, to be run on the file system: owners and permissions that the files here cannot have. */
  inodes?: string | undefined;
}

/** A compressed qcow2 at `image` with an ext4 file system that holds the files of `directory`; the same files make the same bytes. */
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
  await call(root, 'create-base', [directory, image, ...options]);
};

interface OverlayOptions {
  /** What the guest sees, in MiB; as large as the base when not given. */
  size?: number | undefined;
  /** The base is a raw image, not a qcow2. */
  raw?: boolean | undefined;
}

/** An empty qcow2 at `image` over `base`. */
export const createOverlay = async (
  root: ToolRoot,
  base: string,
  image: string,
  { size, raw }: OverlayOptions = {},
): Promise<void> => {
  const options = [...(size === undefined ? [] : ['--size', String(size)]), ...(raw ? ['--raw'] : [])];
  await call(root, 'overlay', [base, image, ...options]);
};

const verdicts = { 0: 'sound', 2: 'damaged', 3: 'leaking' } as const;

export interface CheckResult {
  verdict: 'sound' | 'damaged' | 'leaking';
  /** What qemu-img said. */
  text: string;
}

/** Looks for damage and lost clusters in a qcow2, changing nothing. */
export const checkImage = async (root: ToolRoot, image: string): Promise<CheckResult> => {
  const { status, stdout } = await call(root, 'check', [image], [0, 2, 3]);
  return { verdict: verdicts[status as keyof typeof verdicts], text: stdout };
};

/** A compressed, standalone qcow2 at `to` of what a guest sees in the qcow2 `image`. */
export const compactImage = async (root: ToolRoot, image: string, to: string): Promise<void> => {
  await call(root, 'compact', [image, to]);
};

/** A sparse raw image at `to` of what a guest sees in the qcow2 `image`. */
export const flattenImage = async (root: ToolRoot, image: string, to: string): Promise<void> => {
  await call(root, 'flatten', [image, to]);
};

/** Those of qemu-img's fields that somebody here asks for. */
export interface ImageInfo {
  format: string;
  /** In bytes, as the guest sees it. */
  'virtual-size': number;
  /** In bytes, on the host's disk. */
  'actual-size': number;
  'backing-filename'?: string;
  'backing-filename-format'?: string;
}

export const imageInfo = async (root: ToolRoot, image: string): Promise<ImageInfo> =>
  JSON.parse((await call(root, 'info', [image])).stdout) as ImageInfo;

/** Whether a guest would see the same in two qcow2 images. */
export const sameContent = async (root: ToolRoot, a: string, b: string): Promise<boolean> =>
  (await call(root, 'compare', [a, b], [0, 1])).status === 0;
