// Tests how the event loop calls back for a descriptor.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';

const libc = new URL('./libc.js', import.meta.url).href;

type Output = Record<'stdout' | 'stderr', string>;

/** Runs a module in a separate process until it ends. */
const runModule = (text: string, ...flags: string[]): Promise<Output> =>
  promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', text]).catch(
    (error: Output) => error,
  );

/** Runs a module that has a socket pair, data to read on `right`, and a watch on it. */
const run = (ready: string): Promise<Output> =>
  runModule(`
    const { socketPairFds, watch, writeFd, receive } = await import('${libc}');
    const [left, right] = socketPairFds();
    const drain = () => receive(right, Buffer.alloc(8), 0, 8);
    const watcher = watch(right, () => { ${ready} });
    watcher.start({ readable: true });
    writeFd(left, Buffer.from('x'));`);

t.test('promises and ticks of a callback run before the event loop waits again', async (t) => {
  // Nothing else happens in this process, so a tick or promise that does not run now never runs.
  const { stdout, stderr } = await run(`
    drain();
    process.nextTick(() => console.log('tick'));
    Promise.resolve().then(() => { console.log('promise'); process.exit(); });`);
  t.equal(stdout, 'tick\npromise\n');
  t.equal(stderr, '');
});

t.test('a watch without references is not garbage-collected', async (t) => {
  const text = `
    const { socketPairFds, watch, writeFd } = await import('${libc}');
    const [left, right] = socketPairFds();
    watch(right, () => { console.log('called'); process.exit(); }).start({ readable: true });
    for (let turn = 0; turn < 10; turn++) { gc(); await new Promise(setImmediate); }
    writeFd(left, Buffer.from('x'));`;
  t.equal((await runModule(text, '--expose-gc')).stdout, 'called\n');
});

t.test('an exception in a callback ends the process, as in any other callback', async (t) => {
  const { stderr } = await run("throw new Error('thrown by a callback');");
  t.match(stderr, /Error: thrown by a callback/);
});

t.test('a watch that is stopped or closed in the same turn is not called', async (t) => {
  for (const end of ['stop', 'close']) {
    const { stdout, stderr } = await run(`
      console.log('called');
      watcher.${end}();
      setImmediate(() => setImmediate(() => { console.log('later'); process.exit(); }));`);
    t.equal(stdout, 'called\nlater\n', end);
    t.equal(stderr, '', end);
  }
});
