import t from 'tap';
import { readGuestClock, setGuestClock, shiftGuestClock, syncGuestClock } from './clock.js';
import type { Programs } from './shell.js';

/**
 * A guest whose clock is `late` nanoseconds behind the reference. The reference advances by `cost` with each
 * reading.
 */
const guestOf = (
  late: bigint,
  cost: bigint,
): { shell: Programs; now: () => bigint; clock: () => bigint; asked: string[] } => {
  let reference = 1_800_000_000_000_000_000n;
  let offset = -late;
  const asked: string[] = [];
  const clock = (): bigint => reference + offset;
  const output = async ([, ...words]: readonly string[]): Promise<string> => {
    const [argument = ''] = words;
    asked.push(argument);
    reference += cost;
    if (/^[+-]/.test(argument)) offset += BigInt(argument.replace('+', ''));
    else if (argument !== '') offset = BigInt(argument) - reference;
    return String(clock());
  };
  const now = (): bigint => {
    reference += cost;
    return reference;
  };
  return { shell: { output, execute: t.fail.bind(t) as never }, now, clock, asked };
};

t.test('a reading lies between two readings of the reference', async (t) => {
  const { shell, now } = guestOf(0n, 1000n);
  const { guest, before, after } = await readGuestClock(shell, now);
  t.ok(before < guest && guest < after);
});

t.test('set and shift send nanoseconds', async (t) => {
  const { shell, asked } = guestOf(0n, 0n);
  t.equal(await setGuestClock(shell, 4294967295_000000001n), 4294967295_000000001n);
  t.equal(await shiftGuestClock(shell, -3600_000000000n), 4294963695_000000001n);
  t.equal(await shiftGuestClock(shell, 1n), 4294963695_000000002n);
  t.strictSame(asked, ['4294967295000000001', '-3600000000000', '+1']);
});

t.test('a synchronized clock is correct within the reported uncertainty', async (t) => {
  for (const late of [0n, 7200_000000000n, -7200_000000000n]) {
    const { shell, now, clock } = guestOf(late, 1_000_000n);
    const uncertainty = await syncGuestClock(shell, now);
    const off = clock() - (now() - 1_000_000n);
    t.ok((off < 0n ? -off : off) <= uncertainty, `${late}: off by ${off}, uncertain by ${uncertainty}`);
  }
});

t.test('sets the clock of a slow guest again, a limited number of times', async (t) => {
  const slow = (ms: readonly bigint[]) => {
    let reference = 0n;
    const setAt: bigint[] = [];
    const output = async ([, ...words]: readonly string[]): Promise<string> => {
      setAt.push(reference);
      reference += (ms[setAt.length - 1] ?? 60n) * 1_000_000n;
      return words.join(' ');
    };
    return { shell: { output, execute: t.fail.bind(t) as never }, now: () => reference, setAt };
  };
  const first = slow([250n, 20n]);
  t.equal(await syncGuestClock(first.shell, first.now), 20_000_000n);
  t.strictSame(first.setAt, [0n, 250_000_000n]);
  const always = slow([]);
  t.equal(await syncGuestClock(always.shell, always.now), 60_000_000n);
  t.equal(always.setAt.length, 5);
});

t.test('rejects output that is not a number', async (t) => {
  const shell: Programs = { output: async () => 'guest-clock: not found', execute: t.fail.bind(t) as never };
  await t.rejects(readGuestClock(shell), { code: 'GUEST_READ' });
});
