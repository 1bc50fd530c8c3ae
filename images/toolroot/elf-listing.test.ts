import t from 'tap';
import { parseElfListing } from './elf-listing.js';

t.test('libraries, loader and machine', async (t) => {
  const listing = `
ELF Header:
  Class:                             ELF32
  Machine:                           Intel 80386
  Version:                           0x1

Program Headers:
  INTERP         0x000154 0x00000154 0x00000154 0x00013 0x00013 R   0x1
      [Requesting program interpreter: /lib/ld-linux.so.2]

Dynamic section at offset 0x17e88 contains 29 entries:
  Tag        Type                         Name/Value
 0x00000001 (NEEDED)                     Shared library: [libpci.so.3]
 0x00000001 (NEEDED)                     Shared library: [libc.so.6]
 0x0000000c (INIT)                       0x2000
`;
  t.strictSame(parseElfListing(listing), {
    libraries: ['libpci.so.3', 'libc.so.6'],
    loader: 'lib/ld-linux.so.2',
    machine: 'Intel 80386',
  });
  const none = 'There is no dynamic section in this file.\n';
  t.strictSame(parseElfListing(none), { libraries: [], loader: undefined, machine: undefined });
});
