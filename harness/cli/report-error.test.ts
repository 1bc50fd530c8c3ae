import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { captured } from '../testing/captured.js';
import { reportError } from './report-error.js';

const cases: readonly (readonly [what: string, error: unknown, status: number, line: RegExp])[] = [
  [
    'of the system',
    Object.assign(new Error("EROFS: read-only file system, mkdir '/x'"), { code: 'EROFS' }),
    3,
    /^vmmci test: EROFS: .* mkdir '\/x'; use a directory on a writable file system \[HOST\]\n$/,
  ],
  [
    'of the system, about a long path',
    Object.assign(new Error(`ENAMETOOLONG: name too long, open '${'x'.repeat(5000)}'`), {
      code: 'ENAMETOOLONG',
    }),
    3,
    /^vmmci test: ENAMETOOLONG: .*x…x.*'; use a shorter path \[HOST\]\n$/,
  ],
  [
    'of the harness',
    new HarnessError('RUN_DIRECTORY', { directory: 'd', reason: 'is not empty' }),
    2,
    /^vmmci test: --output or VMMCI_RUN: d is not empty; .* \[RUN_DIRECTORY\]\n$/,
  ],
  [
    'unexpected',
    new TypeError('x is undefined'),
    3,
    /^vmmci test: internal error: x is undefined; report it .*--debug \[INTERNAL\]\n$/,
  ],
  ['not an Error', 'oh', 3, /^vmmci test: internal error: oh; .* \[INTERNAL\]\n$/],
  [
    'with control characters',
    new HarnessError('RUN_DIRECTORY', { directory: '\x1b[2J', reason: 'is not empty' }),
    2,
    /^vmmci test: --output or VMMCI_RUN: \\x1b\[2J is not empty/,
  ],
];

for (const [what, error, status, line] of cases)
  t.test(`an error, ${what}, is one line with a code`, async (t) => {
    const quiet = await captured(t, async () => reportError('vmmci test', { error }));
    t.match(quiet, { status, out: '', err: line });
    t.equal(quiet.err.split('\n').length, 2);
    const loud = await captured(t, async () => reportError('vmmci test', { error, debug: true }));
    t.ok(loud.err.length > quiet.err.length && loud.err.startsWith(quiet.err), '--debug adds the stack');
    if (error instanceof Error) t.match(loud.err, 'report-error.test.');
  });

t.test('a working directory that was removed is named, not the program that cannot be started', async (t) => {
  const directory = join(t.testdir(), 'gone');
  mkdirSync(directory);
  const main = join(import.meta.dirname, 'main.js');
  const words = ['-c', 'cd "$1" && rmdir "$1" && exec "$2" "$3" cache', 'sh', directory];
  const { status, stderr } = spawnSync('sh', [...words, process.execPath, main], { encoding: 'utf8' });
  t.equal(status, 3);
  t.match(stderr, /^vmmci cache: the working directory was removed; run the same command in another/m);
});

const unshare = ['--mount', 'sh', '-c'];
const cannotUnshare =
  spawnSync('unshare', [...unshare, 'umount -l /proc']).status === 0 ? false : 'needs root and CAP_SYS_ADMIN';

t.test('a missing /proc is named', { skip: cannotUnshare }, async (t) => {
  const main = join(import.meta.dirname, 'main.js');
  const words = [...unshare, 'umount -l /proc && exec "$@"', 'sh', process.execPath, main, 'test', 'stop'];
  const { status, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
  t.equal(status, 3);
  t.match(stderr, /^vmmci test: \/proc is not mounted; mount it: mount -t proc proc \/proc \[HOST\]\n$/);
});
