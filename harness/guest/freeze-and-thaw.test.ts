import t from 'tap';
import { freezeAndThaw } from './freeze-and-thaw.js';

const after = (log: string) => freezeAndThaw({ text: async () => log });

t.test('a guest that finds no swap space has been frozen and thawed', async (t) => {
  await t.resolves(after('sh: write error: No such device\nPM: Cannot find swap device, try swapon -a'));
});

t.test('a guest with too little memory is not the fault of the driver', async (t) => {
  await t.rejects(
    after('sh: write error: Out of memory\nPM: hibernation: Image allocation is 273 pages short'),
    {
      code: 'GUEST_SHELL',
      message: /Image allocation is 273 pages short/,
    },
  );
});

t.test('any other end is that of the command', async (t) => {
  await t.rejects(after('sh: write error: Device or resource busy\nPM: Some devices failed to power down'), {
    code: 'GUEST_COMMAND',
    message: /Device or resource busy/,
  });
});
