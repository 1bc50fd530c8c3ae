import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { asset } from '../asset.js';
import { checkSpace, checkSubordinateIds, countSubordinateIds, parseHostPackages } from './host.js';
import { mirrorArguments } from './mirror.js';

t.test('parses the table of host packages', async (t) => {
  t.strictSame(parseHostPackages('# x\n\nbwrap bubblewrap all\nnewuidmap  uidmap  user\n'), [
    { program: 'bwrap', package: 'bubblewrap', who: 'all' },
    { program: 'newuidmap', package: 'uidmap', who: 'user' },
  ]);
  const rows = parseHostPackages(await readFile(asset('toolroot', 'host-packages'), 'utf8'));
  t.ok(rows.length > 5);
  for (const row of rows) t.match(row, { program: /./, package: /^[a-z0-9-]+$/ });
});

t.test('finds the largest range of subordinate ids by name or number', async (t) => {
  const text = 'a:100000:65536\nb:1:1000\n1002:5:70000\nbroken\n';
  t.equal(countSubordinateIds(text, 'a', 1), 65536);
  t.equal(countSubordinateIds(text, 'b', 1002), 70000);
  t.equal(countSubordinateIds(text, 'c', 7), 0);
});

t.test('no range, a missing file and an unreadable file of subordinate ids', async (t) => {
  const directory = t.testdir({ small: '0:1:10\n', large: `${process.getuid?.()}:100000:65536\n` });
  const [small = '', large = ''] = ['small', 'large'].map((name) => join(directory, name));
  await t.resolves(checkSubordinateIds([large]));
  await t.rejects(checkSubordinateIds([large, small]), { code: 'HOST_SUBUID', fields: { file: small } });
  const missing = join(directory, 'missing');
  await t.rejects(checkSubordinateIds([missing]), { code: 'HOST_SUBUID', fields: { file: missing } });
  await t.rejects(
    checkSubordinateIds([directory]),
    { code: 'EISDIR' },
    'the advice of HOST_SUBUID would not help',
  );
});

t.test('too little free space is an error', async (t) => {
  await t.resolves(checkSpace('it', '/', 1, 'X'));
  await t.rejects(checkSpace('it', '/', 1e18, 'TMPDIR'), {
    code: 'HOST_SPACE',
    fields: { what: 'it', path: '/', neededMB: 1e12, variable: 'TMPDIR' },
  });
});

t.test('makes mirror arguments, and refuses values that are not URLs', async (t) => {
  t.strictSame(mirrorArguments('trixie', {}), []);
  t.strictSame(mirrorArguments('trixie', { VMMCI_MIRROR: 'http://m.example/debian/' }), [
    'deb http://m.example/debian trixie main',
    'deb http://m.example/debian trixie-updates main',
    'deb http://m.example/debian-security trixie-security main',
  ]);
  const both = mirrorArguments('trixie', {
    VMMCI_MIRROR: 'http://m.example/d',
    VMMCI_SECURITY_MIRROR: 'https://s.example/x',
  });
  t.equal(both[2], 'deb https://s.example/x trixie-security main');
  for (const mirror of ['m.example', 'http://m.example/a b'])
    t.throws(() => mirrorArguments('trixie', { VMMCI_MIRROR: mirror }), { code: 'INVALID_VALUE' });
  const alone = { VMMCI_SECURITY_MIRROR: 'http://m.example/' };
  t.throws(() => mirrorArguments('trixie', alone), { code: 'MIRROR_ALONE' });
});
