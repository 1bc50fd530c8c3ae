// Commands arrive before and while the guest goes to sleep, and the device keeps its registers. The driver
// carries out each command once.

import type { Trace, TraceEvent } from '../harness/base/trace.js';
import { freezeAndThaw } from '../harness/guest/freeze-and-thaw.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import type { Scene } from '../harness/scenario/scene.js';
import {
  acks,
  isAcknowledge,
  isCommandRead,
  isReadOf,
  isReset,
  isTimeRead,
  readsOf,
} from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { needSyncRtc, takesSyncRtc } from './shared/takes-sync-rtc.js';

const options = {
  needs: ['HIBERNATION'],
  // The image takes half of the memory, and a guest with a debug kernel needs more than half of 256 MiB
  // itself.
  memory: 384,
  clock: 'frozen:2026-11-22T12:34:56.123456Z',
  scheduler: new VirtualScheduler(),
  pollMs: 20,
} as const;

const isStatus = isReadOf('status');
const isFeatures = isReadOf('hostFeatures');

/**
 * The event with which the driver wakes the device up: the reset before the core sets ACKNOWLEDGE again, or a
 * read of the features before that, by which a driver looks whether the device is there.
 */
const wakeUp = (trace: Trace, mark: number): TraceEvent | undefined => {
  const writes = trace.since(mark, 'bar-write');
  const first = writes.findIndex(isAcknowledge);
  const reset = writes.slice(0, Math.max(0, first)).findLast(isReset);
  const [features] = trace.since(mark, 'bar-read').filter(isFeatures);
  const found = [features, reset].filter((event) => event !== undefined);
  return found.sort((a, b) => a.seq - b.seq)[0];
};

/**
 * Sleeps with a REBOOT in the register that was carried out before, and returns whether the virtio core froze
 * the device, which is when it reads the status.
 */
const sleepAfterCommand = async (scene: Scene): Promise<boolean> => {
  const { check, vm, device, driver, trace, until, environment } = scene;
  let { mark } = trace;
  check('driver-ok').equal('REBOOT before the sleep', device.host.command('REBOOT'), 'sent');
  await until('ack', mark);
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);

  mark = trace.mark;
  await freezeAndThaw(vm.shell);
  const [frozen] = trace.since(mark, 'bar-read').filter(isStatus);
  const woken = wakeUp(trace, mark);
  const isFrozen = frozen !== undefined && woken !== undefined && frozen.seq < woken.seq;
  // A driver may have a way of its own to rest.
  if (environment.level === 'may')
    check('restores-after-sleep').that(
      checkNames.frozenDevice,
      isFrozen,
      'a read of the status when the guest goes to sleep, and a reset or a read of the features when it wakes up',
      { frozen: frozen?.seq, woken: woken?.seq },
    );
  // The kernel saves the configuration space when the driver has been told to stop.
  const begin = frozen ?? trace.since(mark, 'config-read')[0];
  const end = begin === undefined ? 0 : (woken?.seq ?? 0);
  const [next, ...later] = trace
    .since((begin?.seq ?? mark) + 1)
    .filter(({ seq, kind }) => (kind === 'bar-read' || kind === 'bar-write') && seq < end);
  // A poll that was due when the virtio core read the status comes before the driver is told to stop.
  const isLastPoll = next?.kind === 'bar-read' && isCommandRead(next);
  const inSleep = next === undefined || isLastPoll ? later : [next, ...later];
  check('restores-after-sleep').equal(checkNames.accessesInSleep, inSleep.length, 0);
  if (driver.hasPollInterval) await until('bar-read', trace.mark, isCommandRead, 3);
  check('acts-once').equal('acknowledgements of the same REBOOT after the sleep', acks(trace, mark), []);
  const requests = await powerRequests(vm.shell);
  check('acts-once').equal('requests to go down after the sleep', requests, ['reboot']);
  return isFrozen;
};

/** Sends commands when the guest goes to sleep. */
const sleepWithCommands = async (scene: Scene, isSleep: (event: TraceEvent) => boolean): Promise<void> => {
  const { check, vm, device, trace, until } = scene;
  for (const [name, expected] of [
    ['SYNCRTC', 'SYNCRTC: cleared'],
    ['SHUTDOWN', 'SHUTDOWN: graceful'],
  ] as const) {
    if (name === 'SYNCRTC' && !takesSyncRtc(scene)) continue;
    const results: string[] = [];
    const { mark } = trace;
    const stop = trace.follow((event) => {
      if (isSleep(event) && results.length === 0) results.push(device.host.command(name));
    });
    await freezeAndThaw(vm.shell);
    stop();
    check('driver-ok').equal(`${name} while the guest goes to sleep`, results, ['sent']);
    await until('ack', mark);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), [expected]);
  }
  const requests = await powerRequests(vm.shell, 2);
  check('carries-out').equal('requests to go down after the SHUTDOWN', requests, ['reboot', 'poweroff']);
};

/**
 * The interrupt of a command is lost, and the driver does not poll: it finds the command only if it looks for
 * it.
 */
const sleepWithLostInterrupt = async (
  scene: Scene,
  isSleep: (event: TraceEvent) => boolean,
): Promise<void> => {
  const { check, vm, device, driver, trace, until } = scene;
  await driver.unload();
  await driver.load(driver.hasPollInterval ? driver.pollingEvery(0) : driver.quiet);
  device.faults.set({ faults: [{ kind: 'value', value: 0, when: { ...readsOf('isr'), times: 1 } }] });
  const { mark } = trace;
  const stop = trace.follow((event) => {
    if (!isSleep(event)) return;
    stop();
    device.host.command('REBOOT');
  });
  await freezeAndThaw(vm.shell);
  stop();
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['REBOOT: graceful']);
  const requests = await powerRequests(vm.shell, 3);
  const expected = ['reboot', 'poweroff', 'reboot'];
  check('carries-out').equal('requests to go down at the end', requests, expected);
};

scenario('sleep-commands', options, async (scene) => {
  await recordPowerRequests(scene.vm.shell);
  const isFrozen = await sleepAfterCommand(scene);
  // Without a driver that freezes the virtio device, the next sign of the sleep is that the kernel saves the
  // configuration space.
  const isSleep = (event: TraceEvent): boolean =>
    isFrozen ? event.kind === 'bar-read' && isStatus(event) : event.kind === 'config-read';
  await sleepWithCommands(scene, isSleep);
  await sleepWithLostInterrupt(scene, isSleep);
});

/**
 * The kernel logs this when it can no longer start programs. It makes the image first, and then freezes the
 * devices.
 */
const programsFrozen = /Preallocating image memory/;

/**
 * The commands when programs are frozen, and the effects of their acknowledgements. Each is sent at the
 * acknowledgement of the one before, but the SHUTDOWN when the SYNCRTC is carried out: then the work of the
 * REBOOT has begun, too, and waits for programs.
 */
const beforeSleep = [
  ['REBOOT', 'graceful'],
  ['SYNCRTC', 'cleared'],
  ['SHUTDOWN', 'graceful'],
  ['SYNCRTC', 'cleared'],
] as const;

// The driver cannot carry out a stop until programs can be started again, and then carries out the newest.
// Neither the sleep nor a SYNCRTC may wait for it.
scenario('stop-before-sleep', options, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  needSyncRtc(scene);
  await recordPowerRequests(vm.shell);
  const setsFromRegisters = driver.description.syncRtc === 'registers';
  const results: string[] = [];
  const isTurn = (event: TraceEvent): boolean => {
    const [name] = beforeSleep[results.length] ?? [];
    if (results.length === 0) return event.kind === 'console' && programsFrozen.test(event.line);
    if (name === 'SHUTDOWN' && setsFromRegisters) return event.kind === 'bar-read' && isTimeRead(event);
    return name !== undefined && event.kind === 'ack';
  };
  const stop = trace.follow((event) => {
    // The device is not done with the acknowledgement yet.
    if (isTurn(event))
      queueMicrotask(() => results.push(device.host.command(beforeSleep[results.length]?.[0] ?? 'SYNCRTC')));
  });
  const { mark } = trace;
  await freezeAndThaw(vm.shell);
  stop();
  check('device').that(
    'commands sent when the kernel had frozen its programs',
    results.length > 0,
    '1 or more',
    results.length,
  );
  const sent = beforeSleep.slice(0, results.length);
  const names = sent.map(([name]) => name);
  check('driver-ok').equal(
    `${names.join(', ')} when programs are frozen`,
    results,
    sent.map(() => 'sent'),
  );
  await until('ack', mark, undefined, sent.length);
  check('acknowledges').equal(
    'acknowledgements',
    acks(trace, mark),
    sent.map(([name, effect]) => `${name}: ${effect}`),
  );
  if (setsFromRegisters) {
    const [time] = trace.since(mark, 'bar-read').filter(isTimeRead);
    const woken = trace.since(mark, 'bar-read').filter(isReadOf('hostFeatures')).at(-1);
    const isAsleep = time !== undefined && time.seq < (woken?.seq ?? Number.POSITIVE_INFINITY);
    const moment = isAsleep ? 'before the guest wakes up' : time === undefined ? 'never' : 'afterwards';
    const what = 'reading of the time for the SYNCRTC';
    check('carries-out').equal(what, moment, 'before the guest wakes up');
  }
  // A work item that waits may be queued again meanwhile: the same request twice does no harm. When the
  // driver has gone, all of its works have ended.
  await powerRequests(vm.shell, 1);
  await driver.unload();
  const requests = await powerRequests(vm.shell);
  check('acts-on-newest').equal(
    `${checkNames.stopsAfterTwo} ${names.join(', ')} before the guest sleeps`,
    [...new Set(requests)],
    [names.includes('SHUTDOWN') ? 'poweroff' : 'reboot'],
  );
});
