// Owners and special permissions of the image's files. An ordinary user cannot create such files, so debugfs
// sets them in the finished file system, for root and ordinary users alike. Pure.

import { HarnessError } from '../../harness/base/errors.js';

/**
 * File type bits of st_mode by the first letter of `ls -l`. Links have no permissions, and the kernel creates
 * devices.
 */
const types: Readonly<Record<string, number>> = { '-': 0o100000, d: 0o040000, h: 0o100000 };

/** The octal digit of three letters, and whether the third letter means setuid, setgid or sticky. */
const digit = (letters: string): { digit: number; special: boolean } => ({
  digit:
    (letters[0] === 'r' ? 4 : 0) + (letters[1] === 'w' ? 2 : 0) + (/[xst]/.test(letters[2] ?? '') ? 1 : 0),
  special: /[stST]/.test(letters[2] ?? ''),
});

/** `rwsr-xr-x` → 0o4755. */
export const parsePermissions = (text: string): number =>
  [0, 3, 6].reduce((mode, at, index) => {
    const part = digit(text.slice(at, at + 3));
    return mode | (part.digit << (6 - at)) | (part.special ? 0o4000 >> index : 0);
  }, 0);

const entry = /^([a-z-])([a-zA-Z-]{9})\S* +(\d+)\/(\d+) +\S+ \S+ \S+ \.?(\/.*?)\/?$/;

/**
 * The debugfs commands, sorted by path, for entries of a tar listing (`-vv`, numeric owners) that do not
 * belong to root, have special permissions, or are not readable by their owner (/etc/shadow). Throws
 * GUEST_BUILD for a line that is not an entry, or for a name that debugfs cannot parse.
 */
export const inodeCommands = (listing: readonly string[]): string[] =>
  listing
    .flatMap((line) => {
      const [, type = '', permissions = '', uid = '', gid = '', path = ''] = entry.exec(line) ?? [];
      if (path === '')
        throw new HarnessError('GUEST_BUILD', {
          reason: `tar printed a line that is not an archive entry: ${line}`,
        });
      const typeBits = types[type];
      const mode = parsePermissions(permissions);
      const required = type === 'd' ? 0o500 : 0o400;
      const plain = uid === '0' && gid === '0' && mode < 0o1000 && (mode & required) === required;
      if (typeBits === undefined || plain) return [];
      if (/["\\]/.test(path))
        throw new HarnessError('GUEST_BUILD', { reason: `debugfs cannot parse the file name ${path}` });
      const fields = { mode: `0${(typeBits | mode).toString(8)}`, uid, gid };
      const commands = Object.entries(fields).map(
        ([name, value]) => `set_inode_field "${path}" ${name} ${value}`,
      );
      return [{ path, commands }];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ commands }) => commands);
