import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory of mode 0700 with a path short enough for sockets in it. `remove` deletes it with all it holds. */
export const privateDirectory = (): { path: string; remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'vmmci-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
