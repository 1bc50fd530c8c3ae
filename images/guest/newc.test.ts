import { execFileSync } from 'node:child_process';
import t from 'tap';
import { type Entry, newc } from './newc.js';

const entries: Entry[] = [
  { path: 'sbin/run', type: 'file', content: Buffer.from('#!\n'), executable: true },
  { path: 'etc/long', type: 'file', content: Buffer.alloc(5000, 7) },
  { path: 'bin', type: 'symlink', target: 'usr/bin' },
  { path: 'mnt', type: 'directory' },
];

/** Parses an archive by the rules of the format. */
const parse = (archive: Buffer): { path: string; mode: string; ids: number[]; content: Buffer }[] => {
  const found = [];
  for (let at = 0; ; ) {
    if (archive.toString('latin1', at, at + 6) !== '070701') throw new Error(`no magic at ${at}`);
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const name = at + 110;
    const content = (name + field(11) + 3) & ~3;
    const path = archive.toString('utf8', name, name + field(11) - 1);
    if (path === 'TRAILER!!!') return found;
    found.push({
      path,
      mode: field(1).toString(8),
      ids: [field(2), field(3), field(5)],
      content: archive.subarray(content, content + field(6)),
    });
    at = (content + field(6) + 3) & ~3;
  }
};

t.test('an archive has its entries, sorted, with their parent directories', async (t) => {
  const found = parse(newc(entries));
  t.strictSame(
    found.map(({ path, mode }) => [path, mode]),
    [
      ['bin', '120777'],
      ['etc', '40755'],
      ['etc/long', '100644'],
      ['mnt', '40755'],
      ['sbin', '40755'],
      ['sbin/run', '100755'],
    ],
  );
  t.equal(found[0]?.content.toString(), 'usr/bin');
  t.equal(found[2]?.content.length, 5000);
  t.ok(
    found.every(({ ids }) => ids.every((id) => id === 0)),
    'owned by root, with time stamp 0',
  );
});

t.test(
  'the order of entries does not matter, except that the later of two with the same path wins',
  async (t) => {
    t.strictSame(newc(entries), newc([...entries].reverse()));
    const [first] = parse(
      newc([
        { path: 'a', type: 'file', content: Buffer.from('old') },
        { path: 'a', type: 'file', content: Buffer.from('new') },
      ]),
    );
    t.equal(first?.content.toString(), 'new');
  },
);

t.test('an empty archive has only a trailer', async (t) => {
  t.strictSame(parse(newc([])), []);
});

t.test('cpio can list an archive', { skip: !hasCpio() && 'this host does not have cpio' }, async (t) => {
  const listed = execFileSync('cpio', ['-it'], { input: newc(entries), stdio: ['pipe', 'pipe', 'ignore'] });
  t.equal(listed.toString(), 'bin\netc\netc/long\nmnt\nsbin\nsbin/run\n');
});

function hasCpio(): boolean {
  try {
    execFileSync('cpio', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
