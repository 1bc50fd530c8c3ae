// Programs that set the guest's clock by the PTP clock (chrony, phc2sys): whether they keep the time as well
// as they can read it.

import type { TraceEvent } from '../base/trace.js';
import { showDurationNs } from './formats.js';
import { type Bracket, readPtp } from './ptp.js';
import type { Scene } from './scene.js';
import { isTimeRead, samples } from './traffic.js';

export interface ClockClient {
  /** `chrony` */
  readonly name: string;
  /** The PTP clock, `/dev/ptp0`. */
  readonly device: string;
  /** Milliseconds between the client's groups of readings. */
  readonly everyMs: number;
  /** Number of readings in a group. */
  readonly readings: number;
  /** Number of groups from one correction of the clock to the next. */
  readonly groups: number;
}

/** What was seen after one correction. All but `at` are nanoseconds. */
export interface Look {
  /** Microseconds since the trace began. */
  readonly at: number;
  /** The guest's clock minus the device's was between these two. */
  readonly low: bigint;
  readonly high: bigint;
  /** Half of the client's readings before it were narrower than this. */
  readonly width: bigint;
}

const microsecond = 1000n;

const max = (values: readonly bigint[]): bigint =>
  [...values].sort((left, right) => (left < right ? 1 : -1))[0] ?? 0n;

/**
 * The median width of readings, in nanoseconds, by their accesses to the device. The client reads the
 * guest's clock after one access and before the next, and again after that one: so a reading is narrower
 * than the time between the two accesses. The first reading of a group has no access before it and is left
 * out.
 */
export const medianWidth = (reads: readonly Pick<TraceEvent, 'at'>[], everyMs: number): bigint => {
  const spacings = reads
    .slice(1)
    .map(({ at }, index) => at - (reads[index]?.at ?? at))
    .filter((spacing) => spacing * 2 < everyMs * 1000)
    .sort((left, right) => left - right);
  // The trace has whole microseconds.
  return (BigInt(spacings[spacings.length >> 1] ?? 0) + 1n) * microsecond;
};

/** The limits of the guest's clock minus the device's. A negative range means that no offset fits. */
export const offsetWithin = (brackets: readonly Bracket[]): Pick<Look, 'low' | 'high'> => ({
  // The device shows whole microseconds, so its clock is up to one further than the time it showed.
  low: max(brackets.map(({ before, time }) => before - time - microsecond)),
  high: -max(brackets.map(({ time, after }) => time - after)),
});

/** Number of corrections in a row after which the clock counts as kept. */
const minLooks = 16;

/**
 * The last looks, if the offset was within the width of the client's own readings in all of them. They are
 * at least so many that a clock that nobody corrects would have left that range; its rate is `ppb` off.
 */
export const keptLooks = (looks: readonly Look[], ppb: bigint): readonly Look[] | undefined => {
  for (let count = minLooks; count <= looks.length; count++) {
    const last = looks.slice(-count);
    const [first, end] = [last[0], last.at(-1)];
    if (first === undefined || end === undefined) return undefined;
    const width = max(last.map((look) => look.width));
    if (!last.every(({ low, high }) => low <= width && high >= -width)) return undefined;
    const astray = (BigInt(end.at - first.at) * (ppb < 0n ? -ppb : ppb)) / 1_000_000n;
    const range = 2n * width + max(last.map(({ low, high }) => high - low));
    if (ppb === 0n || astray > range) return last;
  }
  return undefined;
};

/** Then the client does not keep the clock. Under TCG on a quiet host it takes about 25 to do so. */
const maxLooks = 160;

/** Number of our own readings after each correction: as many as one call of the kernel takes. */
const ownReadings = 25;

/** Looks after the client's next correction. `wrong`: those of our readings that are not the device's time. */
const lookOnce = async (
  scene: Scene,
  { device, everyMs, readings, groups }: ClockClient,
): Promise<{ look: Look; wrong: readonly Bracket[] }> => {
  const { trace, until } = scene;
  const mark = trace.mark;
  const { at } = await until('bar-read', mark, isTimeRead, readings * groups);
  const width = medianWidth(trace.since(mark, 'bar-read').filter(isTimeRead), everyMs);
  const asked = trace.mark;
  const brackets = await readPtp(scene, device, ownReadings);
  const sampled = samples(trace, asked);
  const wrong = brackets.filter(({ time }) => !sampled.has(time / microsecond));
  return { look: { at, width, ...offsetWithin(brackets) }, wrong };
};

/**
 * Resolves when the client has read the clock and waits until it does so again. chrony takes note of somebody
 * else's step of the clock while it waits, and not while it reads (`check_current_time()` of its sched.c).
 */
export const untilClientWaits = async (scene: Scene, { everyMs, readings }: ClockClient): Promise<void> => {
  const { vm, trace, until } = scene;
  let last: number | undefined;
  const beginsGroup = (event: TraceEvent<'bar-read'>): boolean => {
    if (!isTimeRead(event)) return false;
    const begins = last !== undefined && (event.at - last) * 2 > everyMs * 1000;
    last = event.at;
    return begins;
  };
  const { seq } = await until('bar-read', trace.mark, beginsGroup);
  await until('bar-read', seq, isTimeRead, readings);
  // Until the guest has run this, the client has had its turn.
  await vm.shell.text(':');
};

/**
 * Waits until the client keeps the guest's clock, and checks that it does. `ppb`: the rate of the device's
 * clock, in parts per billion.
 */
export const keepsTime = async (
  scene: Scene,
  client: ClockClient,
  { ppb = 0n, when }: { ppb?: bigint; when: string },
): Promise<void> => {
  const looks: Look[] = [];
  const wrong: Bracket[] = [];
  let kept: readonly Look[] | undefined;
  while (kept === undefined && looks.length < maxLooks) {
    const seen = await lookOnce(scene, client);
    looks.push(seen.look);
    wrong.push(...seen.wrong);
    kept = keptLooks(looks, ppb);
  }
  scene.check('shows-ptp-time').equal(`readings ${when} that are not a sample of the device`, wrong, []);
  const shown = (kept ?? looks.slice(-minLooks)).map(
    ({ low, high }) => `${showDurationNs(low)} to ${showDurationNs(high)}`,
  );
  const width = max((kept ?? looks).map((look) => look.width));
  scene
    .check('shows-ptp-time')
    .that(
      `${client.name} keeps the clock ${when}`,
      kept !== undefined,
      `offsets within the ${showDurationNs(width)} of its own readings, in ${minLooks} corrections in a row of ${maxLooks}`,
      shown,
    );
};
