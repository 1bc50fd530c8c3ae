// SYNCRTC, and how far the guest's clock may be from the device's afterwards.

import { readGuestClock, waitGuestClock } from '../../harness/guest/clock.js';
import { hostNow } from '../../harness/host/clock.js';
import { cpuWait } from '../../harness/host/cpu-wait.js';
import { showInstantNs } from '../../harness/scenario/formats.js';
import type { Scene } from '../../harness/scenario/scenario.js';
import { acks, isTimeRead } from '../../harness/scenario/traffic.js';
import { running } from '../../harness/vmmci/clock.js';
import { parseInstant } from '../../harness/vmmci/instant.js';

/**
 * Maximum difference in nanoseconds between the guest's clock and the device's, beyond what follows from the
 * reading: a driver knows only that the sample was taken during a read, and assumes the middle of it.
 */
const tolerance = 50_000_000n;

/** The device's clock in nanoseconds since 1970. */
const nowOf = ({ device }: Scene): bigint => device.clock.now() * 1000n;

export interface SyncOptions {
  /** Added to the names of checks. */
  readonly how?: string;
  /** True if the driver reads the time only for SYNCRTC (default: true). */
  readonly isQuiet?: boolean;
}

/**
 * Sets the device's clock to `instant` and sends SYNCRTC. Resolves with the maximum differences, in
 * nanoseconds, if the driver assumes the middle of its read of the seconds. That read begins after the access
 * before it, and ends before the next one.
 */
export const sync = async (
  scene: Scene,
  instant: string,
  { how = '', isQuiet = true }: SyncOptions = {},
): Promise<{ behind: bigint; ahead: bigint }> => {
  const { check, vm, device, trace, until } = scene;
  device.clock.set(running(hostNow, parseInstant(instant)));
  const mark = trace.mark;
  check('driver-ok').equal(`SYNCRTC at ${instant}${how}`, device.host.command('SYNCRTC'), 'sent');
  const ack = await until('ack', mark);
  const read = await until('bar-read', isQuiet ? mark : ack.seq, isTimeRead);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  if (isQuiet) {
    const order = ack.seq < read.seq ? 'before' : 'after';
    check('acknowledges-in-time').equal(
      'acknowledgement, relative to the reading of the time',
      order,
      'before',
    );
  }
  check('acknowledges').equal('command register', device.vmmci.state().command, 'NONE');
  // The driver sets the clock a moment after it has read the time.
  await waitGuestClock(vm.shell, nowOf(scene));
  // A driver that also reads the time at intervals sets no clock then.
  const samples = isQuiet
    ? trace.since(mark, 'sample')
    : trace.since(ack.seq, 'sample').filter(({ seq }) => seq < read.seq);
  const reads = trace.since(mark, 'bar-read').filter(isTimeRead);
  let [behind, ahead, begin] = [0, 0, ack.at];
  for (const { seq, at } of samples) {
    const end = reads.find((read) => read.seq > seq)?.at ?? read.at;
    behind = Math.max(behind, end - at);
    ahead = Math.max(ahead, at - begin);
    begin = end;
  }
  return { behind: BigInt(behind) * 500n, ahead: BigInt(ahead) * 500n };
};

/**
 * Sends the first SYNCRTC of a guest, after which the clocks are not compared: under TCG, QEMU translates the
 * kernel's code that sets the clock after the driver has computed the time, which took 125 ms on a busy host.
 */
export const syncFirst = async (scene: Scene, options: Pick<SyncOptions, 'isQuiet'> = {}): Promise<void> => {
  await sync(scene, '2030-01-01T00:00:00.500000Z', { ...options, how: ', the first' });
};

const maxAttempts = 5;

/**
 * Compares the clocks after a SYNCRTC. On a busy host the guest's CPU may stand still after the driver has
 * computed the time and before it sets the clock, which is then behind. If the host had no CPU for the guest
 * for at least as long, there is another SYNCRTC. Resolves with the number of SYNCRTCs.
 */
export const syncAndCompare = async (
  scene: Scene,
  instant: string,
  options: SyncOptions = {},
): Promise<number> => {
  for (let attempt = 1; ; attempt++) {
    const waitedBefore = cpuWait();
    const { behind, ahead } = await sync(scene, instant, options);
    const waited = cpuWait() - waitedBefore;
    const { guest, before, after } = await readGuestClock(scene.vm.shell, () => nowOf(scene));
    const range = { from: before - behind - tolerance, to: after + ahead + tolerance };
    const late = range.from - guest;
    if (late > 0n && late <= waited && attempt < maxAttempts) continue;
    scene
      .check('sets-clock')
      .between(`guest's clock afterwards${options.how ?? ''}`, guest, range, showInstantNs);
    return attempt;
  }
};
