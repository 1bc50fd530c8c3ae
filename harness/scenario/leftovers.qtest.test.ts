// What counts as left behind, told by the program that the guest has, of a kernel that is made up.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { compileProgram } from '../../images/guest/inventory.js';
import { ensureUserland } from '../../images/guest/userland.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { holdings, leftovers } from './leftovers.js';

const root = await ensureToolRoot();

const address = '0000:00:05.0';

/** What the program reads, with one handler of two and a virtio device. */
const kernel = {
  proc: {
    irq: { 10: { one: {} }, 11: { other: {} } },
    ioports: '1000-1fff : 0000:00:05.0\n  1000-1fff : one\n',
    modules: 'virtio 1000 1 one, Live 0x0\ntwo 8 0 - Live 0x0\n',
    sys: { dev: {} },
    self: {},
  },
  sys: {
    bus: {
      virtio: { devices: { virtio0: '' }, drivers: {} },
      pci: { drivers: {} },
      workqueue: { devices: {} },
    },
    module: { virtio: {} },
    devices: { 'pci0000:00': { [address]: { enable: '1\n', resource0: '' } } },
  },
  bin: {},
  run: {},
};

t.test('what is new is left, also a second one of the same', async (t) => {
  const place = t.testdir(kernel);
  await writeFile(
    join(place, 'bin/holdings'),
    await compileProgram(root, await ensureUserland('amd64', root)),
    { mode: 0o755 },
  );
  const shell = {
    output: async (words: readonly string[]): Promise<string> =>
      (
        await runInToolRoot(root, words, {
          env: { PATH: `${join(place, 'bin')}:/bin` },
          binds: [
            { path: join(place, 'bin') },
            { path: join(place, 'proc'), at: '/proc' },
            { path: join(place, 'sys'), at: '/sys' },
            { path: join(place, 'run'), at: '/run', writable: true },
          ],
        })
      ).stdout,
  };
  const before = await holdings(shell, address);
  const left = () => leftovers(shell, before);
  t.strictSame(await left(), []);

  await mkdir(join(place, 'proc/irq/12/one'), { recursive: true });
  await writeFile(
    join(place, 'proc/modules'),
    'mine 1 0 - Live 0x0\ntwo 8 0 - Live 0x0\nvirtio 1000 1 one, Live 0x0\n',
  );
  await writeFile(join(place, 'sys/devices/pci0000:00', address, 'enable'), '2\n');
  t.strictSame(
    await left(),
    ['interrupt handler one', 'module mine', 'enable count 2'],
    'a second handler of that name, what was not there, a count that is another; in whatever order',
  );

  await rm(join(place, 'proc/irq/10'), { recursive: true });
  await writeFile(join(place, 'proc/modules'), '');
  await writeFile(join(place, 'sys/devices/pci0000:00', address, 'enable'), '1\n');
  t.strictSame(await left(), [], 'what is gone is not left, nor what has another number');

  await rm(join(place, 'run'), { recursive: true });
  await mkdir(join(place, 'run'));
  await t.rejects(left(), /held\./, 'nothing to compare with is no clean comparison');
});

t.test('it is compared with what was noted of the same function', async (t) => {
  const asked: string[] = [];
  const answers = ['/run/held.1', 'module b\nmodule c', '/run/held.2', ''];
  const shell = {
    output: async (words: readonly string[]): Promise<string> => {
      asked.push(words.join(' '));
      return answers.shift() ?? '';
    },
  };
  t.same(await leftovers(shell, await holdings(shell, '0000:00:06.0')), ['module b', 'module c']);
  t.match(asked[1], /^holdings new \/run\/held\.1 0000:00:06\.0$/);
  t.same(await leftovers(shell, await holdings(shell, null)), []);
  t.equal(asked[2], 'holdings note');
});
