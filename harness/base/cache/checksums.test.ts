import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { matchesChecksums, writeChecksums } from './checksums.js';

const damages: Readonly<Record<string, (directory: string) => void>> = {
  'a file that is cut short': (directory) => writeFileSync(join(directory, 'a.ko'), 'conten'),
  'an empty file': (directory) => writeFileSync(join(directory, 'b.ko'), ''),
  'a file that is gone': (directory) => rmSync(join(directory, 'a.ko')),
  'a file more': (directory) => writeFileSync(join(directory, 'c.ko'), ''),
  'a directory in place of a file': (directory) => {
    rmSync(join(directory, 'a.ko'));
    mkdirSync(join(directory, 'a.ko'));
  },
  'sums that are cut short': (directory) => writeFileSync(join(directory, 'SHA256SUMS'), ''),
  'no sums': (directory) => rmSync(join(directory, 'SHA256SUMS')),
  'more content': (directory) => appendFileSync(join(directory, 'a.ko'), 'x'),
  'no directory': (directory) => rmSync(directory, { recursive: true }),
  'a file in place of the directory': (directory) => {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
  },
};

for (const [name, damage] of Object.entries(damages))
  t.test(`${name} is noticed`, async (t) => {
    const directory = join(t.testdir({ set: { 'a.ko': 'content', 'b.ko': 'more' } }), 'set');
    await writeChecksums(directory);
    t.equal(await matchesChecksums(directory), true);
    damage(directory);
    t.equal(await matchesChecksums(directory), false);
  });
