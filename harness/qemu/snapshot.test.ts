import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { privateCache } from '../testing/private-cache.js';
import { snapshotDirectory, useSnapshot } from './snapshot.js';

const damaged = (path: string): HarnessError =>
  new HarnessError('SNAPSHOT', { path, step: 'load', reason: 'damaged' });

/** Makes snapshots whose content is a counter: `1` for the first one made. */
const maker = (): { make(path: string): Promise<void>; made(): number } => {
  let count = 0;
  return {
    make: async (path) => {
      count += 1;
      await writeFile(path, String(count));
    },
    made: () => count,
  };
};

t.test('makes a snapshot once and loads it each time', async (t) => {
  privateCache(t);
  const { make, made } = maker();
  const load = (path: string): Promise<string> => readFile(path, 'utf8');
  t.equal(await useSnapshot({ key: 'a', make, load }), '1');
  t.equal(await useSnapshot({ key: 'a', make, load }), '1');
  t.equal(made(), 1);
  t.equal(await useSnapshot({ key: 'b', make, load }), '2', 'another key has another snapshot');
});

t.test('makes a snapshot again, once, if it does not load, and reports the reason', async (t) => {
  privateCache(t);
  const { make, made } = maker();
  const reports: string[] = [];
  const load = async (path: string): Promise<string> => {
    const text = await readFile(path, 'utf8');
    if (text === '1') throw damaged(path);
    return text;
  };
  const onRemake = (error: Error): void => void reports.push(error.message);
  t.equal(await useSnapshot({ key: 'a', make, load, onRemake }), '2');
  t.equal(made(), 2);
  t.match(reports, [/damaged/]);
  t.strictSame(await readdir(snapshotDirectory()), ['a.ram'], 'the damaged one is removed');
});

t.test('makes a snapshot directory again in the same way', async (t) => {
  privateCache(t);
  let made = 0;
  const make = async (path: string): Promise<void> => {
    made += 1;
    await mkdir(path);
    await writeFile(join(path, 'ram'), String(made));
  };
  const load = async (path: string): Promise<string> => {
    const text = await readFile(join(path, 'ram'), 'utf8');
    if (text === '1') throw damaged(path);
    return text;
  };
  t.equal(await useSnapshot({ key: 'a', make, load }), '2');
});

t.test('a link to nowhere in place of a snapshot, and a directory in place of its mark', async (t) => {
  const cache = privateCache(t);
  await mkdir(snapshotDirectory());
  await symlink('nowhere', join(snapshotDirectory(), 'a.ram'));
  await mkdir(join(cache, 'snapshot-use', 'a'), { recursive: true });
  const { make } = maker();
  const load = (path: string): Promise<string> =>
    readFile(path, 'utf8').catch(() => {
      throw damaged(path);
    });
  t.equal(await useSnapshot({ key: 'a', make, load }), '1');
});

t.test('rejects if the new snapshot does not load either', async (t) => {
  privateCache(t);
  const { make, made } = maker();
  await t.rejects(
    useSnapshot({
      key: 'a',
      make,
      load: async (path) => {
        throw damaged(path);
      },
    }),
    { code: 'SNAPSHOT' },
  );
  t.equal(made(), 2);
});

t.test('keeps the snapshot if the error has another cause', async (t) => {
  privateCache(t);
  const { make, made } = maker();
  await t.rejects(
    useSnapshot({
      key: 'a',
      make,
      load: async () => {
        throw new HarnessError('QMP_COMMAND', {
          command: 'device_add',
          class: 'GenericError',
          description: 'no server',
        });
      },
    }),
    { code: 'QMP_COMMAND' },
  );
  t.equal(made(), 1);
});

t.test('two processes that find the same snapshot damaged make it only once', async (t) => {
  privateCache(t);
  const { make, made } = maker();
  let waiting = 0;
  let both: () => void = () => {};
  const barrier = new Promise<void>((resolve) => {
    both = resolve;
  });
  const load = async (path: string): Promise<string> => {
    const text = await readFile(path, 'utf8');
    if (text !== '1') return text;
    waiting += 1;
    if (waiting === 2) both();
    await barrier;
    throw damaged(path);
  };
  t.strictSame(
    await Promise.all([useSnapshot({ key: 'a', make, load }), useSnapshot({ key: 'a', make, load })]),
    ['2', '2'],
  );
  t.equal(made(), 2);
});
