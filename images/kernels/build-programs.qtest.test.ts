// Real programs of the tool root, changed where it matters, as build programs of a kernel.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { programObstacle } from './build-programs.js';

const root = await ensureToolRoot();
const program = await readFile(join(root.path, 'usr/bin/make'));

const loader = Buffer.from('/lib64/ld-linux-x86-64.so.2\0');

/** The program with another loader, whose path is not longer. */
const withLoader = (path: string): Buffer => {
  const changed = Buffer.from(program);
  changed.fill(0, changed.indexOf(loader), changed.indexOf(loader) + loader.length);
  changed.write(path, program.indexOf(loader), 'latin1');
  return changed;
};

const MACHINE_OFFSET = 18;
const EM_AARCH64 = 183;

t.test('programs that cannot run in the tool root are named, with the reason', async (t) => {
  const other = Buffer.from(program);
  other.writeUInt16LE(EM_AARCH64, MACHINE_OFFSET);
  const cases: readonly [modpost: string | Buffer, reason: RegExp | undefined][] = [
    [program, undefined],
    ['#!/bin/sh\n', undefined],
    [
      withLoader('/nix/store/a/ld-linux.so.2'),
      /^its build program scripts\/mod\/modpost needs \/nix\/store\/a\/ld-linux\.so\.2, /,
    ],
    [withLoader('/lib/ld-linux.so.2'), / needs \/lib\/ld-linux\.so\.2, /],
    [other, / is for another architecture \(AArch64\)$/],
  ];
  for (const [modpost, reason] of cases) {
    const top = t.testdir({
      headers: { scripts: { basic: { fixdep: program }, mod: t.fixture('symlink', '/kbuild/mod') } },
      kbuild: { mod: { modpost } },
    });
    const obstacle = await programObstacle(root, { top, headers: 'headers' });
    if (reason === undefined) t.equal(obstacle, undefined);
    else t.match(obstacle, reason);
  }
});
