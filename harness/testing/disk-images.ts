// Compacts, describes and compares disk images with the scripts in images/qemu-img.

import * as v from 'valibot';
import { runImageScript } from '../../images/qemu-img/image.js';
import type { ToolRoot } from '../../images/toolroot/enter.js';
import { HarnessError } from '../base/errors.js';
import { parseChecked } from '../base/read-checked.js';

/** Makes a compressed, standalone qcow2 at `to` with what a guest sees in the qcow2 `image`. */
export const compactImage = async (root: ToolRoot, image: string, to: string): Promise<void> => {
  await runImageScript(root, 'compact', [image, to]);
};

/** The fields of `qemu-img info` that are used here. */
const infoSchema = v.object({
  format: v.string(),
  /** The size that the guest sees, in bytes. */
  'virtual-size': v.number(),
  /** The space on the host's disk, in bytes. */
  'actual-size': v.number(),
  'backing-filename': v.optional(v.string()),
  'backing-filename-format': v.optional(v.string()),
});

type ImageInfo = Readonly<v.InferOutput<typeof infoSchema>>;

/** Rejects with IMAGE_TOOL, also if qemu-img prints anything else. */
export const imageInfo = async (root: ToolRoot, image: string): Promise<ImageInfo> => {
  const checked = parseChecked((await runImageScript(root, 'info', [image])).stdout, infoSchema);
  if ('value' in checked) return checked.value;
  const reason = `its result about ${image} is unusable: ${checked.problem}`;
  throw new HarnessError('IMAGE_TOOL', { tool: 'info', reason });
};

/** True if a guest would see the same content in two qcow2 images. */
export const sameContent = async (root: ToolRoot, a: string, b: string): Promise<boolean> =>
  (await runImageScript(root, 'compare', [a, b], [0, 1])).status === 0;
