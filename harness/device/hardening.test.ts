// What peers cost that send much, read little, or nothing: counted and weighed in processes of their own.

import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { MemoryReport } from '../testing/memory-process.js';
import type { SoakReport } from '../testing/soak-process.js';

/** What takes few seconds; SOAK_MESSAGES=100000 makes it longer, as it is every night. */
const usual = { 'vhost-user': 100_000, 'vfio-user': 20_000 };

const report = async <T>(name: string, ...args: string[]): Promise<T> => {
  const script = join(import.meta.dirname, `../testing/${name}.js`);
  const { stdout } = await execa(process.execPath, ['--expose-gc', script, ...args]);
  return JSON.parse(stdout) as T;
};

for (const [protocol, count] of Object.entries(usual)) {
  const messages = Number(process.env.SOAK_MESSAGES ?? count);
  t.test(`${protocol}: ${messages} messages leave no descriptor behind`, async (t) => {
    const soak = await report<SoakReport>('soak-process', protocol, String(messages));
    t.ok(soak.messages >= messages, `${soak.messages} messages`);
    t.ok(soak.sent > messages / 10, `${soak.sent} descriptors went along`);
    t.equal(soak.after, soak.before, 'descriptors open');
    t.equal(soak.different, 0, 'each round was answered as the first was');
  });
}

/**
 * Besides messages, in bytes: promises, frames, an error that is being told, and a slab of Node's buffer
 * pool.
 */
const overhead = 56 * 1024 + Buffer.poolSize;

for (const [protocol, how] of [
  ['vhost-user', 'never'],
  ['vhost-user', 'slowly'],
  ['vhost-user', 'changes'],
  ['vfio-user', 'never'],
  ['vfio-user', 'slowly'],
] as const) {
  const what = how === 'changes' ? 'that never reads its backend channel' : `that reads ${how}`;
  t.test(`${protocol}: a peer ${what} costs a request and an answer at most`, async (t) => {
    const { perClient, message, taken } = await report<MemoryReport>('memory-process', protocol, how);
    t.ok(perClient <= 2 * message + overhead, `${perClient} bytes, at most ${2 * message} and ${overhead}`);
    if (how === 'changes') t.equal(taken, 2000, 'changes');
    else t.ok(taken > 0 && taken < 2000, `${taken} messages were taken, then no more`);
  });
}
