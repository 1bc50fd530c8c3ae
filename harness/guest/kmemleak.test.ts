import t from 'tap';
import { belongsToModules, describeLeak, findLeaks, nameFrames, parseLeaks } from './kmemleak.js';

const object = (address: string, frames: string[]): string =>
  [
    `unreferenced object 0xffff8880${address} (size 64):`,
    '  comm "cat", pid 93, jiffies 4294939012',
    '  hex dump (first 32 bytes):',
    '    00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................',
    '    00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................',
    '  backtrace (crc 5f7c2d1a):',
    ...frames.map((frame) => `    ${frame}`),
    '',
  ].join('\n');

const kernel = ['kmalloc_trace_noprof+0x1c8/0x2a0', 'device_add+0x20/0xc10'];
const ofModule = [
  '[<00000000a1b2c3d4>] kmalloc_trace_noprof+0x1c8/0x2a0',
  '[<000000000badcafe>] show+0x1/0x2 [vmmci]',
];
const unloaded = ['kmalloc_trace_noprof+0x1c8/0x2a0', '0xffffffffa0001010'];

t.test('counts objects with the same backtrace together', async (t) => {
  const leaks = parseLeaks(object('1000', ofModule) + object('2000', kernel) + object('3000', ofModule));
  t.strictSame(
    leaks.map(({ objects, size, frames }) => [objects, size, frames.length]),
    [
      [2, 64, 2],
      [1, 64, 2],
    ],
  );
  t.equal(describeLeak(leaks[0] as never), '2 × 64 bytes allocated by show+0x1/0x2 [vmmci]');
  t.strictSame(parseLeaks(''), []);
});

t.test('leaks of the kernel itself do not belong to the driver', async (t) => {
  const [leak] = parseLeaks(object('1000', ofModule));
  t.ok(leak && belongsToModules(leak, ['obsd', 'vmmci']));
  t.notOk(leak && belongsToModules(leak, ['other']));
  const [own] = parseLeaks(object('2000', kernel));
  t.notOk(own && belongsToModules(own, ['vmmci']));
});

const symbols = [
  'ffffffffa0001000 t vmmci_probe\t[vmmci]',
  'ffffffffa0000f00 t vmmci_show\t[vmmci]',
  'ffffffffa0002000 d vmmci_attrs\t[vmmci]',
].join('\n');

t.test('names functions of an unloaded module by its saved symbols', async (t) => {
  const [leak] = parseLeaks(object('1000', unloaded));
  if (leak === undefined) throw new Error('no leak');
  t.ok(belongsToModules(leak, ['vmmci']), 'nothing else is unloaded');
  t.equal(describeLeak(nameFrames(leak, symbols)), '1 × 64 bytes allocated by vmmci_probe+0x10 [vmmci]');
  t.equal(
    describeLeak(nameFrames(leak, '')),
    '1 × 64 bytes allocated by 0xffffffffa0001010, which calls kmalloc_trace_noprof+0x1c8/0x2a0',
  );
});

t.test('names no functions of a module that was loaded at several addresses', async (t) => {
  const shell = {
    text: async (script: string) => (script.startsWith('cat ') ? symbols : object('1000', unloaded)),
  };
  const described = async (loads: number) =>
    (await findLeaks(shell as never, ['vmmci'], loads)).map(describeLeak).join();
  t.match(await described(1), /vmmci_probe/);
  t.match(await described(2), /0xffffffffa0001010/);
});

t.test('rejects other output and shows it', async (t) => {
  t.throws(() => parseLeaks('cat: read error\n'), { code: 'GUEST_READ' });
  t.throws(() => parseLeaks(object('1000', ['two words of it'])), { code: 'GUEST_READ' });
});
