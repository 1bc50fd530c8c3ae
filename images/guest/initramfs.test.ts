import { join } from 'node:path';
import t from 'tap';
import { isWholeArchive } from './initramfs.js';
import { newc } from './newc.js';

t.test('an archive that is cut short is not whole', async (t) => {
  const whole = newc([{ path: 'one', type: 'file', content: Buffer.alloc(1000, 1) }]);
  const directory = t.testdir({
    whole,
    empty: '',
    'without its end': whole.subarray(0, -200),
    'one byte short': whole.subarray(0, -1),
    directory: {},
  });
  t.equal(await isWholeArchive(join(directory, 'whole')), true);
  for (const name of ['empty', 'without its end', 'one byte short', 'directory'])
    t.equal(await isWholeArchive(join(directory, name)), false, name);
});
