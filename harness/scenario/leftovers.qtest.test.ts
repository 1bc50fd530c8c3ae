// Tests what counts as a leak: runs the guest's own program on fake /proc and /sys trees.

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { compileProgram } from '../../images/guest/inventory.js';
import { ensureUserland } from '../../images/guest/userland.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { holdings, leftovers } from './leftovers.js';

const root = await ensureToolRoot();

const address = '0000:00:05.0';

/** The files that the program reads, with two interrupt handlers and a virtio device. */
const kernel = {
  proc: {
    irq: { 4: { ttyS0: {} }, 9: {}, 10: { one: {} }, 11: { other: {} } },
    ioports: '1000-1fff : 0000:00:05.0\n  1000-1fff : one\n',
    modules: 'virtio 1000 1 one, Live 0x0\ntwo 8 0 - Live 0x0\n',
    sys: { dev: {} },
    self: {},
    60: { stat: '60 (irq/4-ttyS0) S 2 0\n' },
  },
  sys: {
    bus: {
      virtio: { devices: { virtio0: '' }, drivers: {} },
      pci: { drivers: {} },
      workqueue: { devices: {} },
    },
    // The program must not read the names of handlers that have a directory in /proc/irq.
    kernel: { irq: { 9: { actions: '\n' }, 10: { actions: 'gone\n' } } },
    module: { virtio: {} },
    devices: { 'pci0000:00': { [address]: { enable: '1\n', resource0: '' } } },
  },
  bin: {},
  run: {},
};

t.test('reports what is new, also a second one of the same name', async (t) => {
  const directory = t.testdir(kernel);
  await writeFile(
    join(directory, 'bin/holdings'),
    await compileProgram(root, await ensureUserland('amd64', root)),
    { mode: 0o755 },
  );
  const shell = {
    output: async (words: readonly string[]): Promise<string> =>
      (
        await runInToolRoot(root, words, {
          env: { PATH: `${join(directory, 'bin')}:/bin` },
          binds: [
            { path: join(directory, 'bin') },
            { path: join(directory, 'proc'), at: '/proc' },
            { path: join(directory, 'sys'), at: '/sys' },
            { path: join(directory, 'run'), at: '/run', writable: true },
          ],
        })
      ).stdout,
  };
  const before = await holdings(shell, address);
  const left = () => leftovers(shell, before);
  t.strictSame(await left(), []);

  await mkdir(join(directory, 'proc/irq/12/one'), { recursive: true });
  await writeFile(join(directory, 'sys/kernel/irq/9/actions'), '(null)\n');
  await writeFile(
    join(directory, 'proc/modules'),
    'mine 1 0 - Live 0x0\ntwo 8 0 - Live 0x0\nvirtio 1000 1 one, Live 0x0\n',
  );
  await writeFile(join(directory, 'sys/devices/pci0000:00', address, 'enable'), '2\n');
  t.strictSame(
    await left(),
    ['interrupt handler (null)', 'interrupt handler one', 'module mine', 'enable count 2'],
    'a handler without a name, a second one of that name, a new module and a changed count, in any order',
  );

  await rename(join(directory, 'proc/irq/4/ttyS0'), join(directory, 'proc/irq/4/ttyS2'));
  await writeFile(join(directory, 'proc/60/stat'), '60 (irq/4-ttyS2) S 2 0\n');
  t.equal((await left()).length, 4, 'another name of the handler of serial ports is not reported');

  await rm(join(directory, 'proc/irq/10'), { recursive: true });
  await writeFile(join(directory, 'sys/kernel/irq/9/actions'), '\n');
  await writeFile(join(directory, 'proc/modules'), '');
  await writeFile(join(directory, 'sys/devices/pci0000:00', address, 'enable'), '1\n');
  t.strictSame(await left(), [], 'nothing that is gone, and no different interrupt number, is reported');

  await rm(join(directory, 'run'), { recursive: true });
  await mkdir(join(directory, 'run'));
  await t.rejects(left(), /held\./, 'a missing file to compare with is an error');
});

t.test('compares with the note about the same function', async (t) => {
  const commands: string[] = [];
  const answers = ['/run/held.1', 'module b\nmodule c', '/run/held.2', ''];
  const shell = {
    output: async (words: readonly string[]): Promise<string> => {
      commands.push(words.join(' '));
      return answers.shift() ?? '';
    },
  };
  t.same(await leftovers(shell, await holdings(shell, '0000:00:06.0')), ['module b', 'module c']);
  t.match(commands[1], /^holdings new \/run\/held\.1 0000:00:06\.0$/);
  t.same(await leftovers(shell, await holdings(shell, null)), []);
  t.equal(commands[2], 'holdings note');
});
