import t from 'tap';
import { HarnessError } from '../../harness/base/errors.js';
import { isComplaint, mmdebstrapArguments, stepOf } from './bootstrap.js';
import { classify, failureOf, reasonIn } from './failure.js';
import { debianRecipe } from './recipe.js';

// Messages of apt 2.6, apt 3.0, mmdebstrap 1.3.5 and GNU tar 1.34.
const samples = {
  network: [
    "Temporary failure resolving 'archive.example'",
    'Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)',
    'Err:1 http://archive.example/debian trixie InRelease\n  Connection timed out [IP: 192.0.2.1 80]',
    'E: Failed to fetch http://archive.example/x.deb  404  Not Found',
    "E: The repository 'http://archive.example trixie InRelease' is not signed.\nErr:1 http://archive.example trixie InRelease\n  503  Service Unavailable [IP: 127.0.0.1 3128]",
    'E: Some index files failed to download. They have been ignored, or old ones used instead.',
  ],
  signature: [
    'W: GPG error: http://archive.example trixie InRelease: The following signatures could not be verified because the public key is not available: NO_PUBKEY 78DBA3BC47EF2265',
    "E: The repository 'http://archive.example trixie InRelease' is not signed.",
  ],
  space: [
    'tar: ./usr/bin/gcc: Cannot write: No space left on device',
    'E: Failed to fetch http://archive.example/x.deb  Write error - write (28: No space left on device)',
    "E: You don't have enough free space in /var/cache/apt/archives/.",
  ],
  other: ['E: setup failed: E: invalid suite', ''],
} as const;

t.test('complaints are classified', async (t) => {
  for (const [kind, texts] of Object.entries(samples)) {
    for (const text of texts) t.equal(classify(text), kind, text);
  }
});

t.test('each kind of failure is an error with the reason and the next step', async (t) => {
  const run = { what: 'the tool root', scratch: '/scratch', log: '/log', attempts: 3 };
  const messages = {
    [samples.network[0]]: 'TOOLROOT_NETWORK',
    [samples.signature[0]]: 'TOOLROOT_SIGNATURE',
    [samples.space[0]]: 'TOOLROOT_BUILD',
    [samples.other[0]]: 'TOOLROOT_BUILD',
  };
  for (const [text, code] of Object.entries(messages)) {
    const error = failureOf(`E: first\n${text}`, run);
    t.match(error, { code, fields: { reason: text, log: '/log' } });
    t.equal(reasonIn(error), text);
  }
  const full = failureOf(samples.space[1], run);
  t.match(full, { code: 'CACHE_FULL', fields: { path: '/scratch', variable: 'TMPDIR' } });
  t.match(failureOf('', run), { fields: { reason: 'no reason given' } });
  t.equal(reasonIn(new Error('plain')), 'plain');
  t.equal(reasonIn(new HarnessError('GUEST_BUILD', { reason: 'why' })), 'why');
});

t.test('makes the arguments of mmdebstrap and classifies its output', async (t) => {
  t.match(mmdebstrapArguments(debianRecipe, true), ['--mode=root']);
  const args = mmdebstrapArguments(debianRecipe, false);
  t.equal(args[0], '--mode=unshare');
  t.strictSame(args.slice(-2), ['trixie', '-'], 'a tar stream, from the archive that mmdebstrap knows');
  t.match(
    args.find((arg) => arg.startsWith('--include=')),
    /qemu-system-x86,qemu-utils,gcc,musl-tools,make/,
  );
  t.equal(stepOf('I: installing essential packages...'), 'installing the base system');
  t.equal(stepOf('I: chroot architecture amd64 is equal'), undefined);
  t.strictSame(['I: x', 'W: no arch-test', '', 'E: bad', 'tar: bad'].filter(isComplaint), [
    'E: bad',
    'tar: bad',
  ]);
});
