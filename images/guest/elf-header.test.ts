import { readFileSync } from 'node:fs';
import t from 'tap';
import { ELF64_HEADER_BYTES, sectionsEnd } from './elf-header.js';

t.test('a program ends with its section headers', (t) => {
  const program = readFileSync(process.execPath);
  const end = sectionsEnd(program.subarray(0, ELF64_HEADER_BYTES));
  t.ok(end > program.length / 2 && end <= program.length, `${end} of ${program.length} bytes`);
  t.end();
});

t.test('the header of a 32-bit file', (t) => {
  const header = Buffer.alloc(ELF64_HEADER_BYTES);
  header.write('\x7fELF\x01', 'latin1');
  header.writeUInt32LE(1000, 0x20);
  header.writeUInt16LE(40, 0x2e);
  header.writeUInt16LE(3, 0x30);
  t.equal(sectionsEnd(header), 1120);
  t.end();
});

t.test('a file without a magic number never ends', (t) => {
  t.equal(sectionsEnd(Buffer.alloc(ELF64_HEADER_BYTES)), Number.POSITIVE_INFINITY);
  t.end();
});
