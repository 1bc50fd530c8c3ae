// Writes the cpio format that the kernel unpacks ("newc",
// Documentation/driver-api/early-userspace/buffer-format.rst). Pure. The same entries always give the same
// bytes: sorted by path, owned by root, with time stamp 0.

export interface FileEntry {
  path: string;
  type: 'file';
  content: Buffer;
  executable?: boolean;
}

export type Entry =
  | FileEntry
  | { path: string; type: 'directory' }
  | { path: string; type: 'symlink'; target: string };

const fileType = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

const permissions = (entry: Entry): number => {
  if (entry.type === 'symlink') return 0o777;
  return entry.type === 'directory' || entry.executable ? 0o755 : 0o644;
};

const contentOf = (entry: Entry): Buffer => {
  if (entry.type === 'file') return entry.content;
  return entry.type === 'symlink' ? Buffer.from(entry.target) : Buffer.alloc(0);
};

const hex = (value: number): string => value.toString(16).padStart(8, '0');

const padding = (length: number): Buffer => Buffer.alloc(-length & 3);

const record = (inode: number, mode: number, links: number, path: Buffer, content: Buffer): Buffer[] => {
  // inode, mode, uid, gid, links, mtime, size, device ×2, rdev ×2, name length, checksum
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, path.length + 1, 0];
  const head = Buffer.concat([Buffer.from(`070701${fields.map(hex).join('')}`), path, Buffer.of(0)]);
  return [head, padding(head.length), content, padding(content.length)];
};

const parentsOf = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
};

/** The end of every archive. */
export const archiveEnd: Buffer = Buffer.concat(record(0, 0, 1, Buffer.from('TRAILER!!!'), Buffer.alloc(0)));

/**
 * Makes an archive of `entries`. Paths are relative, without `./`. Missing parent directories are added. If
 * two entries have the same path, the later one wins. With `latin1`, each character of a path is a byte.
 */
export const newc = (entries: Iterable<Entry>, encoding: 'utf8' | 'latin1' = 'utf8'): Buffer => {
  const bytesOf = ({ path }: Entry): Buffer => Buffer.from(path, encoding);
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    for (const path of parentsOf(entry.path)) if (!all.has(path)) all.set(path, { path, type: 'directory' });
    all.set(entry.path, entry);
  }
  // A directory's path is a prefix of the paths in it, so it comes first in byte order.
  const sorted = [...all.values()].sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
  const records = sorted.flatMap((entry, index) => {
    const links = entry.type === 'directory' ? 2 : 1;
    return record(
      index + 1,
      fileType[entry.type] | permissions(entry),
      links,
      bytesOf(entry),
      contentOf(entry),
    );
  });
  return Buffer.concat([...records, archiveEnd]);
};
