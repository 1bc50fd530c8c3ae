// Measures the resources that demanding or idle peers cost, each in a separate process.

import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { MemoryReport } from '../testing/memory-process.js';
import type { SoakReport } from '../testing/soak-process.js';

// Upper bound, so that a hang is still detected, however busy the machine is.
t.setTimeout(300_000);

/** Message counts that take a few seconds. SOAK_MESSAGES replaces them; the nightly run uses 100000. */
const defaultCounts = { 'vhost-user': 100_000, 'vfio-user': 20_000 };

const report = async <T>(name: string, options: readonly string[], ...args: string[]): Promise<T> => {
  const script = join(import.meta.dirname, `../testing/${name}.js`);
  const { stdout } = await execa(process.execPath, [...options, script, ...args]);
  return JSON.parse(stdout) as T;
};

/** Garbage is collected rarely, and by one thread. */
const cheapGc = ['--min-semi-space-size=16', '--single-threaded-gc'];

for (const [protocol, count] of Object.entries(defaultCounts)) {
  const messages = Number(process.env.SOAK_MESSAGES ?? count);
  t.test(`${protocol}: ${messages} messages leak no descriptors`, async (t) => {
    const soak = await report<SoakReport>('soak-process', cheapGc, protocol, String(messages));
    t.ok(soak.messages >= messages, `${soak.messages} messages`);
    t.ok(soak.sent > messages / 10, `${soak.sent} descriptors were sent`);
    t.equal(soak.after, soak.before, 'open descriptors');
    t.equal(soak.different, 0, 'rounds answered differently from the first');
  });
}

/**
 * Overhead in bytes besides the messages: promises, frames, an error that is being reported, and a slab of
 * Node's buffer pool.
 */
const overhead = 56 * 1024 + Buffer.poolSize;

for (const [protocol, how] of [
  ['vhost-user', 'never'],
  ['vhost-user', 'slowly'],
  ['vhost-user', 'changes'],
  ['vfio-user', 'never'],
  ['vfio-user', 'slowly'],
] as const) {
  const behavior = how === 'changes' ? 'that never reads its backend channel' : `that reads ${how}`;
  t.test(`${protocol}: a peer ${behavior} costs at most one request and one reply`, async (t) => {
    const { perClient, message, taken } = await report<MemoryReport>(
      'memory-process',
      ['--expose-gc'],
      protocol,
      how,
    );
    t.ok(perClient <= 2 * message + overhead, `${perClient} bytes, at most ${2 * message} and ${overhead}`);
    if (how === 'changes') t.equal(taken, 2000, 'accepted changes');
    else t.ok(taken > 0 && taken < 2000, `${taken} messages accepted, then no more`);
  });
}
