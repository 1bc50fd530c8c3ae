import { readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeEvidence } from './artifacts.js';
import { defaultChoice } from './choice.js';

const evidence = { console: [], qemu: ['qemu'], dmesg: [], registers: 'RIP=0\r\n' };

t.test('a scenario that passed leaves files for people only with --keep', async (t) => {
  const passed = { scenario: 'one', verdict: 'passed', directory: join(t.testdir({}), 'one') } as const;
  const choice = defaultChoice('/run');
  await writeEvidence({ choice }, passed, evidence);
  t.strictSame(readdirSync(t.testdirName), []);
  await writeEvidence({ choice: { ...choice, keep: true } }, passed, evidence);
  t.strictSame(readdirSync(passed.directory).sort(), [
    'console.log',
    'dmesg.txt',
    'qemu.args',
    'reproduce.sh',
  ]);
  t.ok(statSync(join(passed.directory, 'reproduce.sh')).mode & 0o100, 'the script can be run');
});

t.test('a file that cannot be written leaves no part of itself', async (t) => {
  const directory = t.testdir({});
  symlinkSync('/dev/full', join(directory, 'dmesg.txt'));
  const failed = { scenario: 'one', verdict: 'failed', directory } as const;
  await t.rejects(writeEvidence({ choice: defaultChoice('/run') }, failed, evidence), { code: 'ENOSPC' });
  t.strictSame(readdirSync(directory).sort(), ['console.log', 'qemu.args']);
});
