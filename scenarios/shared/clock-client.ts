// Checks that a program (chrony, phc2sys) synchronises the guest's clock with the PTP clock as closely as it
// can read that clock.

import type { Trace, TraceEvent } from '../../harness/base/trace.js';
import { showDurationNs } from '../../harness/scenario/formats.js';
import type { Scene } from '../../harness/scenario/scene.js';
import { isTimeRead, samples } from '../../harness/scenario/traffic.js';
import { type Bracket, readPtp } from './ptp.js';

export interface ClockClient {
  /** `chrony` */
  readonly name: string;
  /** The PTP clock, `/dev/ptp0`. */
  readonly device: string;
  /** The number of its readings since its start. */
  readonly taken: () => number;
  /** Milliseconds between the client's groups of readings. */
  readonly everyMs: number;
  /** Number of readings in a group. */
  readonly readings: number;
  /** Number of groups from one correction of the clock to the next. */
  readonly groups: number;
}

/**
 * Counts the readings that a client takes from now on. Until the last call, only the client and `readPtp`,
 * whose readings have events of their own, may read the clock.
 */
export const countReadings = (trace: Pick<Trace, 'follow'>): (() => number) => {
  let count = 0;
  trace.follow((event) => {
    if (event.kind === 'ptp-reading') count--;
    if (event.kind === 'bar-read' && isTimeRead(event as TraceEvent<'bar-read'>)) count++;
  });
  return () => count;
};

/** A measurement after one correction. All fields but `at` are nanoseconds. */
export interface Measurement {
  /** Microseconds since the trace began. */
  readonly at: number;
  /** The limits of the guest's clock minus the device's. */
  readonly low: bigint;
  readonly high: bigint;
  /** The median width of the client's readings before the measurement. */
  readonly width: bigint;
}

const microsecond = 1000n;

const max = (values: readonly bigint[]): bigint =>
  [...values].sort((left, right) => (left < right ? 1 : -1))[0] ?? 0n;

/**
 * An upper bound of the median width of readings, in nanoseconds, from the times of their accesses to the
 * device. The client reads the guest's clock between two accesses and again after the second one, so a
 * reading is narrower than the time between the accesses. The first reading of a group has no access before
 * it and is left out.
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
export const offsetWithin = (brackets: readonly Bracket[]): Pick<Measurement, 'low' | 'high'> => ({
  // The device shows whole microseconds, so its clock may be up to one microsecond ahead of the time that it
  // showed.
  low: max(brackets.map(({ before, time }) => before - time - microsecond)),
  high: -max(brackets.map(({ time, after }) => time - after)),
});

/** Number of consecutive good corrections after which the clock counts as synchronised. */
const minMeasurements = 16;

/**
 * Returns the last measurements if the offset in all of them was within the width of the client's own
 * readings. They cover so much time that an uncorrected clock, whose rate is off by `ppb`, would have left
 * that range. Undefined if there are not enough of them.
 */
export const synchronisedMeasurements = (
  measurements: readonly Measurement[],
  ppb: bigint,
): readonly Measurement[] | undefined => {
  for (let count = minMeasurements; count <= measurements.length; count++) {
    const last = measurements.slice(-count);
    const [first, end] = [last[0], last.at(-1)];
    if (first === undefined || end === undefined) return undefined;
    const width = max(last.map((measurement) => measurement.width));
    if (!last.every(({ low, high }) => low <= width && high >= -width)) return undefined;
    const astray = (BigInt(end.at - first.at) * (ppb < 0n ? -ppb : ppb)) / 1_000_000n;
    const range = 2n * width + max(last.map(({ low, high }) => high - low));
    if (ppb === 0n || astray > range) return last;
  }
  return undefined;
};

/** Maximum number of measurements before the check fails. Under TCG on an idle host about 25 suffice. */
const maxMeasurements = 160;

/** Number of our own readings after each correction: as many as one call of the kernel takes. */
const ownReadings = 25;

/**
 * Measures after the client's next correction. `wrong` has those of our readings that are not samples of the
 * device.
 */
const measureOnce = async (
  scene: Scene,
  { device, everyMs, readings, groups }: ClockClient,
): Promise<{ measurement: Measurement; wrong: readonly Bracket[] }> => {
  const { trace, until } = scene;
  const mark = trace.mark;
  const { at } = await until('bar-read', mark, isTimeRead, readings * groups);
  const width = medianWidth(trace.since(mark, 'bar-read').filter(isTimeRead), everyMs);
  const beforeReadings = trace.mark;
  const brackets = await readPtp(scene, device, ownReadings);
  const sampled = samples(trace, beforeReadings);
  const wrong = brackets.filter(({ time }) => !sampled.has(time / microsecond));
  return { measurement: { at, width, ...offsetWithin(brackets) }, wrong };
};

/**
 * Resolves when the client has read the clock and waits for its next reading. chrony detects a step of the
 * clock by another program only while it waits, not while it reads (`check_current_time()` in its sched.c).
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
  // When the guest has run this command, the client has also had time to finish.
  await vm.shell.text(':');
};

/** How many readings of the next correction the client has taken. */
const readingsSoFar = ({ taken, readings, groups }: ClockClient): number => taken() % (readings * groups);

/** The readings of the first half of a correction. */
const halfOf = ({ readings, groups }: ClockClient): number => readings * (groups >> 1);

/** Resolves when the client has just taken the first half of the readings of a correction. */
const untilMidCorrection = async (
  { trace, until }: Pick<Scene, 'trace' | 'until'>,
  client: ClockClient,
): Promise<void> => {
  const all = client.readings * client.groups;
  const half = halfOf(client);
  const soFar = readingsSoFar(client);
  await until('bar-read', trace.mark, isTimeRead, half > soFar ? half - soFar : all + half - soFar);
};

/**
 * Calls `step` in the middle of a correction, and checks that the client took no further reading until then.
 */
export const stepMidCorrection = async (
  scene: Pick<Scene, 'check' | 'trace' | 'until'>,
  client: ClockClient,
  step: () => void,
): Promise<void> => {
  await untilMidCorrection(scene, client);
  step();
  scene
    .check('device')
    .equal('readings of the correction before the step', readingsSoFar(client), halfOf(client));
};

/** Resolves when the client has taken the readings of `count` more corrections. */
export const untilCorrections = async (
  { trace, until }: Scene,
  { readings, groups }: ClockClient,
  count: number,
): Promise<void> => {
  for (let left = count; left > 0; left--) await until('bar-read', trace.mark, isTimeRead, readings * groups);
};

/**
 * Waits until the client has synchronised the guest's clock, and checks that it has. `ppb` is the rate error
 * of the device's clock in parts per billion.
 */
export const keepsTime = async (
  scene: Scene,
  client: ClockClient,
  { ppb = 0n, when }: { ppb?: bigint; when: string },
): Promise<void> => {
  const measurements: Measurement[] = [];
  const wrong: Bracket[] = [];
  let kept: readonly Measurement[] | undefined;
  while (kept === undefined && measurements.length < maxMeasurements) {
    const seen = await measureOnce(scene, client);
    measurements.push(seen.measurement);
    wrong.push(...seen.wrong);
    kept = synchronisedMeasurements(measurements, ppb);
  }
  scene.check('shows-ptp-time').equal(`readings ${when} that are not samples of the device`, wrong, []);
  const shown = (kept ?? measurements.slice(-minMeasurements)).map(
    ({ low, high }) => `${showDurationNs(low)} to ${showDurationNs(high)}`,
  );
  const width = max((kept ?? measurements).map((measurement) => measurement.width));
  scene
    .check('shows-ptp-time')
    .that(
      `${client.name} keeps the clock ${when}`,
      kept !== undefined,
      `offsets within the ${showDurationNs(width)} of its own readings after ${minMeasurements} consecutive corrections (of at most ${maxMeasurements})`,
      shown,
    );
};
