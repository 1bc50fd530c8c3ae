// One fault has one cause: where the evidence fits several, the one that explains the others is named.

import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import {
  expired,
  failed,
  found,
  handled,
  loaded,
  raise,
  read,
  send,
  status,
  suspend,
  up,
  write,
} from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';

const reset: TraceData = { kind: 'reset' };
const late = failed('acknowledges-in-time');
const unpolled = failed('looks-unasked');
const served = [raise, read(19, 1, 2)];
const sync = [send('SYNCRTC'), ...served, read(20, 4, 3)];
const reading = [read(24, 4, 1), read(32, 4, 5)];

t.test('a probe that fails, not what it leaves undone', async (t) => {
  const dmesg = ['virtio_vmmci virtio2: probe with driver virtio_vmmci failed with error -12'];
  const failing = [write(18, 1, 1), status(1), write(18, 1, 3), status(3), write(18, 1, 0x83), status(0x83)];
  t.same(found([...failing, loaded, failed('driver-ok')], { dmesg }), ['probe-fails']);
  t.same(found([loaded, failed('binds-function')], { dmesg }), ['probe-fails']);
});

t.test('a driver without an interrupt handler does not read the command after an interrupt', async (t) => {
  const silent = [...up, send('REBOOT'), raise, 5000, expired, late, unpolled];
  t.same(found(silent), ['interrupt-has-no-handler']);
});

t.test('a handler that sleeps does not act on the interrupt', async (t) => {
  const silent = [...up, send('SYNCRTC'), ...served, 5000, expired, late];
  const dmesg = [
    'BUG: scheduling while atomic: kworker/u4:1/24/0x00010002',
    'Workqueue: vmmci/virtio2 vmmci_poll [virtio_vmmci]',
  ];
  t.same(found(silent), ['interrupt-not-acted-on']);
  t.same(found(silent, { dmesg }), ['sleeps-in-interrupt']);
});

t.test('a command of which the driver sees a part', async (t) => {
  const read2 = [send('REBOOT'), ...served, read(20, 4, 0x80000002)];
  const shown = (seen: string) => failed('shows-commands', 'last command', 'unknown', seen);
  const unmet = failed('acknowledges-known-only', 'acknowledgements of an unknown command');
  const acked = write(20, 4, 0x80000002);
  t.same(found([...up, ...read2, acked, shown('REBOOT'), unmet]), ['command-cut-off']);
  t.same(found([...up, ...read2, acked, shown('unknown'), unmet]), ['unknown-command-acknowledged']);
  t.same(found([...up, ...read2, shown('NONE')]), ['last-command-not-kept']);
});

t.test(
  'a stop that is carried out but not acknowledged, and the device is reset on the way down',
  async (t) => {
    const exit: TraceData = { kind: 'guest-exit', exit: 'reset', aftermath: 'stop' };
    const stopped = [...up, send('REBOOT'), ...served, read(20, 4, 2), 300, write(18, 1, 0), status(0)];
    t.same(found([...stopped, exit, failed('acknowledges')]), ['command-never-acknowledged']);
    t.same(found([...stopped, ...up, exit, failed('acknowledges')]), [], 'the driver was bound again');
  },
);

t.test('a driver that acknowledges SYNCRTC only', async (t) => {
  const ignored = [send('REBOOT'), ...served, read(20, 4, 2), 3000, expired, late];
  const answered = [...sync, write(20, 4, 3)];
  t.same(found([...up, ...answered, status(0), ...up, ...ignored]), ['kind-not-acknowledged']);
  t.same(found([...up, ...ignored, ...answered, unpolled]), ['kind-not-acknowledged']);
  t.same(found([...up, ...answered, ...ignored]), [], 'or only the first command');
  const without = [status(0), read(0, 4, 5), write(4, 4, 5), status(7), ...ignored];
  t.same(found([...up, ...answered, ...without]), [], 'or the host does not offer ACK');
  const later = [...up, send('REBOOT'), ...handled, status(0), ...up, ...ignored];
  t.same(found(later), [], 'or not each time');
});

t.test('an acknowledgement is late because of the reading before it', async (t) => {
  t.same(found([...up, ...sync, ...reading, 1500, write(20, 4, 3), late]), ['acknowledged-after-work']);
  const other = [send('REBOOT'), ...served, read(20, 4, 2), 5000, write(20, 4, 2)];
  t.same(found([...up, ...other, ...sync, ...reading, 1500, write(20, 4, 3), late]), [
    'acknowledged-late',
    'acknowledged-after-work',
  ]);
});

t.test('a driver that never remembers a command also repeats an old one', async (t) => {
  const twice = [...up, send('REBOOT'), ...handled, read(20, 4, 2), write(20, 4, 2)];
  const unmet = [failed('acts-once'), failed('survives-reload')];
  const again = [status(0), ...up, read(20, 4, 2), write(20, 4, 2)];
  t.same(found([...twice, ...again, ...unmet]), ['command-acted-on-again']);
  t.same(found([...twice, suspend, ...again, ...unmet]), ['command-acted-on-again']);
  t.same(found([...up, send('REBOOT'), ...handled, ...again, ...unmet]), ['old-stop-acted-on']);
});

t.test('a last command without a name, of a device that does not respond', async (t) => {
  const gone: TraceData = { kind: 'bar-read', offset: 20, width: 4, value: 0xffffffff, absent: true };
  const shown = failed('survives-removal', 'last command', 'NONE', '(null)');
  t.same(found([...up, gone, shown]), ['last-command-without-name']);
});

t.test('a SYNCRTC that reads the wrong words of the time', async (t) => {
  const unset = [failed('sets-clock'), failed('shows-host-time')];
  const ack = write(20, 4, 3);
  t.same(found([...up, ...sync, ack, read(28, 4, 0), read(36, 4, 0), ...unset]), ['high-words-read']);
  t.same(found([...up, ...sync, ack, read(28, 4, 0), read(32, 4, 5), ...unset]), ['high-words-read']);
  t.same(found([...up, ...sync, ack, read(32, 4, 5), ...unset]), ['seconds-not-read']);
});

t.test('a fraction that is a few microseconds does not tell how it was lost', async (t) => {
  const time = (expected: string, seen: string) => failed('shows-host-time', 'host time', expected, seen);
  t.same(found([...up, time('5000001', '5000000')]), []);
  t.same(found([...up, time('5000001', '5000000'), time('7123456', '7000000')]), ['fraction-dropped']);
  t.same(found([...up, time('5000001', '5000000'), time('7123456', '7000123')]), [
    'microseconds-as-nanoseconds',
  ]);
});

t.test('a drift in whole seconds is also rounded', async (t) => {
  const drift = (seen: string) =>
    failed('shows-drift', 'drift of a guest, in ns', '6900000007 to 7100000000', seen);
  const resolution = failed('shows-drift', checkNames.resolutionOfDrift, 'finer', 'whole');
  t.same(found([...up, drift('6000000000'), drift('5000000000'), resolution]), ['drift-in-whole-seconds']);
});

t.test('a clock that was set to the start of the second was not set late', async (t) => {
  const what = "the guest's clock after it";
  const at = (seconds: string, ns: string) => `2026-11-22T12:34:${seconds}Z (${ns} ns)`;
  const check = (seen: string) =>
    failed('sets-clock', what, `${at('58.123456', '1795350898123456000')} or more`, seen);
  const set = (seen: string) => found([...up, ...sync, write(20, 4, 3), ...reading, check(seen)]);
  t.same(set(at('56.223456', '1795350896223456000')), ['sync-without-delay']);
  t.same(set(at('58.000123', '1795350898000123000')), [], 'the fraction is missing');
  t.same(set(at('55.148497', '1795350895148497880')), ['sync-delay-in-32-bits']);
});

t.test('a driver that never sets the clock back may still set it', async (t) => {
  const reasons = ["no step of the guest's clock to the device's within 40 s; CPU 0 idle"];
  const end = [...sync, write(20, 4, 3), ...reading];
  const named = (what: string): TraceData => ({
    kind: 'check',
    result: 'ok',
    requirement: 'driver-ok',
    what,
  });
  const forward = found([...up, ...end, named('SYNCRTC at 2031-05-06T07:08:09.500000Z')], { reasons });
  t.same(forward, ['sync-not-to-device-time']);
  t.same(found([...up, ...end, named('SYNCRTC to a guest that is ahead by 5 years')], { reasons }), []);
});

t.test('the last second of 32 bits is not taken for data', async (t) => {
  const last = [read(24, 4, 0xffffffff), read(32, 4, 1)];
  const padded = failed(
    'attribute-form',
    'bytes of host_time',
    '/^4294967295\\.\\d{6}\\n$/',
    '"4294967295.1\\n"',
  );
  t.same(found([...up, ...last, padded]), ['fraction-not-padded']);
});

t.test('an interrupt of its own that is not claimed, until Linux disables the line', async (t) => {
  const unclaimed = failed('claims-own-interrupts', 'unhandled interrupts', '0', '99900');
  const dmesg = ['irq 11: nobody cared (try booting with the "irqpoll" option)'];
  t.same(found([...up, unclaimed], { dmesg }), ['own-interrupt-not-claimed']);
});

t.test('a time that is read although it is not offered is shown as well', async (t) => {
  const shown = failed(
    'no-time-is-an-error',
    'error of host_time where the host does not offer it',
    'No data available',
    '7.5',
  );
  t.same(found([read(0, 4, 6), status(3), write(4, 4, 6), status(7), ...reading, shown]), [
    'time-without-feature',
  ]);
});

t.test('work that outlives the driver accesses the device and freed memory', async (t) => {
  const accessed = failed('silent-when-gone', 'accesses without a driver for 2 s', 'none', '7');
  const freed = 'BUG: KASAN: slab-use-after-free in vmmci_poll+0x1/0x2 [virtio_vmmci]';
  const queued = 'ODEBUG: free active (active state 0) object: ffff888001 object type: timer_list hint: x';
  t.same(found([...up, read(20, 4, 0), accessed], { dmesg: [freed] }), ['accesses-after-remove']);
  t.same(found([...up, read(20, 4, 0), accessed], { dmesg: [queued, freed] }), ['work-outlives-driver']);
});

t.test('a crash of the timer of a work item whose queue is gone', async (t) => {
  const crash = (at: string, ...frames: string[]) => [
    'BUG: kernel NULL pointer dereference, address: 0000000000000101',
    'Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI',
    `RIP: 0010:${at}+0x18/0x80`,
    'Call Trace:',
    ...frames,
    ' __run_timers+0x188/0x280',
  ];
  t.same(found(up, { dmesg: crash('delayed_work_timer_fn') }), ['work-outlives-driver']);
  t.same(found(up, { dmesg: crash('__queue_work.part.0') }), ['work-outlives-driver']);
  const named = ' vmmci_tick+0x1/0x2 [virtio_vmmci]';
  t.same(found(up, { dmesg: crash('__queue_work.part.0', named) }), ['crash-below-driver']);
});

t.test('a device that is not set up after a sleep cannot be polled or interrupted', async (t) => {
  const asleep = [...up, read(20, 4, 0), suspend, reset, 1000];
  const missed = [send('REBOOT'), 5000, expired, loaded, failed('restores-after-sleep'), unpolled];
  t.same(found([...asleep, ...missed]), ['nothing-restored-after-sleep']);
  const looked = [...up, read(20, 4, 0), read(18, 1, 7), suspend, reset, read(0, 4, 7)];
  t.same(found([...looked, 3000, loaded, failed('restores-after-sleep')]), ['nothing-restored-after-sleep']);
  const restored = [
    read(0, 4, 7),
    status(3),
    write(4, 4, 7),
    { kind: 'features', value: 7 } as const,
    status(7),
  ];
  t.same(found([...asleep, ...restored, 1000, ...missed]), ['polling-not-restarted-after-sleep']);
});

t.test('one wrong access, reported by several checks of the kernel', async (t) => {
  const kasan = 'BUG: KASAN: slab-out-of-bounds in x+0x1/0x2';
  const overwritten = 'BUG kmalloc-64 (Tainted: G    B      O      ): Right Redzone overwritten';
  const poison = 'BUG kmalloc-64 (Tainted: G    B      O      ): Poison overwritten';
  t.same(found(up, { dmesg: [overwritten, poison] }), ['memory-out-of-bounds']);
  t.same(found(up, { dmesg: ['UBSAN: array-index-out-of-bounds in vmmci_sysfs.c:68:34', kasan] }), [
    'undefined-behaviour',
  ]);
  const waits = 'RIP: 0010:native_queued_spin_lock_slowpath+0x13f/0x2a0';
  t.same(found(up, { dmesg: ['WARNING: possible recursive locking detected', waits] }), ['lock-order']);
  t.same(found(up, { dmesg: ['BUG: spinlock bad magic on CPU#0, cat/9', waits] }), ['lock-not-initialized']);
});

t.test('a sleep in an interrupt, not the counts that it leaves behind', async (t) => {
  const sleep = (count: string) => `BUG: scheduling while atomic: swapper/0/0/${count}`;
  const stack = ['Call Trace:', ' <IRQ>', ' vmmci_config_changed+0x1/0x2 [virtio_vmmci]', ' </IRQ>'];
  t.same(found(up, { dmesg: [sleep('0x00010004'), ...stack, sleep('0x7ffefffe')] }), ['sleeps-in-interrupt']);
  const reclaim = 'WARNING: inconsistent lock state'; // of fs_reclaim, for an allocation in the handler
  t.same(found(up, { dmesg: [sleep('0x00010004'), ...stack, reclaim] }), ['sleeps-in-interrupt']);
  t.same(found(up, { dmesg: [sleep('0x7fffffff'), ...stack, sleep('0x00010004')] }), ['lock-not-held']);
});

t.test('an interval in a wrong unit is wrong everywhere', async (t) => {
  const delay = (ms: number) =>
    failed(
      'obeys-parameters',
      `${checkNames.firstDelay} in ticks where the interval is ${ms} ms`,
      '250',
      '2500',
    );
  const ignored = failed('obeys-parameters', 'polls while the interval is 50 ms', '10 to 30', '1');
  const unlimited = failed(
    'obeys-parameters',
    'polls in 9 ms where an interval of 1 ms is asked for',
    '0',
    '5',
  );
  t.same(found([...up, delay(1000), ignored, unlimited]), ['interval-in-wrong-unit']);
  t.same(found([...up, delay(1), unlimited]), ['interval-not-limited']);
});

t.test('lines of a list that do not end', async (t) => {
  const bytes = failed('attribute-form', 'bytes of commands', '"A 0\\nB 0\\n"', '"A 0B 0"');
  t.same(found([...up, bytes]), ['attribute-without-newline']);
});

t.test('no module has the alias of a device with a wrong id', async (t) => {
  const id = failed('virtio-ids', 'virtio vendor', '0x0b5d', '0x1af4');
  const alias = failed('loads-by-alias', 'module for virtio:d0000FFFFv00001AF4', 'a module', 'none');
  t.same(found([...up, id, alias]), ['virtio-ids-wrong']);
});

/** A driver that is loaded on a host with these features, and gets a command. */
const onHost = (features: number, isAcknowledged: boolean): TraceData[] => [
  status(0),
  read(0, 4, features),
  status(3),
  write(4, 4, features),
  status(7),
  send('REBOOT'),
  ...served,
  read(20, 4, 2),
  ...(isAcknowledged ? [write(20, 4, 2)] : []),
  loaded,
];

t.test('a number of a feature that is taken for its bit', async (t) => {
  const unmet = failed('respects-offer');
  const subsets = (acknowledges: (features: number) => boolean): TraceData[] =>
    [0, 1, 2, 3, 6, 7].flatMap((features) => onHost(features, acknowledges(features)));
  const acknowledged = 'acknowledged-without-feature';
  const missing = 'not-acknowledged-though-offered';
  t.same(found([...subsets((features) => (features & 1) !== 0), unmet]), ['ack-feature-by-number']);
  t.same(found([...subsets((features) => (features & 2) === 0), unmet]), [acknowledged, missing]);
  t.same(found([...subsets(() => true), unmet]), [acknowledged]);
  t.same(found([...subsets((features) => features === 7), unmet]), [missing]);
  t.same(found([...onHost(1, true), ...onHost(6, false), unmet]), [acknowledged, missing], 'too few hosts');
});

t.test('a SYNCRTC on a host that does not offer ACK', async (t) => {
  const loadedOn = (features: number) => [read(0, 4, features), status(3), write(4, 4, features), status(7)];
  const ignored = [send('SYNCRTC'), ...served, read(20, 4, 3), 3000, loaded, failed('sets-clock')];
  t.same(found([...loadedOn(5), ...ignored]), ['sync-needs-ack']);
  t.same(found([...loadedOn(4), ...ignored]), [], 'there is no time');
  const done = [send('SYNCRTC'), ...served, read(20, 4, 3), ...reading, 3000, loaded, failed('sets-clock')];
  t.same(found([...loadedOn(5), ...done]), []);
});

t.test('a time that never goes back is the highest so far', async (t) => {
  const sample = (us: bigint): TraceData => ({ kind: 'sample', us });
  const time = (expected: string, seen: string) => failed('shows-host-time', 'host time', expected, seen);
  const back = [sample(9_000_001n), sample(5_000_000n), time('5000000', '9000001')];
  t.same(found([...up, ...back]), ['time-never-back']);
  const old = [sample(12_000_000n), time('12000000', '5000000')];
  t.same(found([...up, ...back, ...old]), ['earlier-sample-shown'], 'each time the one before');
});

t.test('features that only the first bind of a driver writes', async (t) => {
  const unmet = failed('negotiates-features');
  const down = [write(18, 1, 0), status(0), write(4, 4, 0)];
  const bind = [write(18, 1, 3), status(3), read(0, 4, 7)];
  const ok = [write(18, 1, 7), status(7)];
  const first = [...down, ...bind, write(4, 4, 7), ...ok];
  t.same(found([reset, ...first, ...down, ...bind, ...ok, unmet]), ['features-not-written-again']);
  t.same(found([...first, reset, ...bind, ...ok, unmet]), [], 'a sleep is another matter');
  t.same(found([...first, ...down, ...bind, write(4, 4, 7), ...ok, unmet]), []);
  t.same(found([...down, ...bind, ...ok, unmet]), ['features-not-written']);
});

t.test('a clock that is never set right was not set from a time that is none', async (t) => {
  const withoutTime = failed('no-time-is-an-error', checkNames.hoursWithoutTime, '24 or 0', '-38891');
  t.same(found([...up, withoutTime]), ['sync-without-valid-time']);
  const second = failed('carries-out', checkNames.hoursAfterSecond, '0', '-38911');
  t.same(found([...up, second, withoutTime]), []);
});

t.test('a warning about references for power management, not that there is one', async (t) => {
  const dmesg = ['pci 0000:00:05.0: Runtime PM usage count underflow!'];
  const warned = failed('quiet-log', checkNames.warningsOfLoads, 'none', dmesg[0]);
  t.same(found([loaded, warned]), ['warning-without-fault']);
  t.same(found([loaded, warned], { dmesg }), ['runtime-pm-unbalanced']);
});

t.test('a host that offers nothing has no features written', async (t) => {
  const again = (offer: number) => [status(0), read(0, 4, offer), write(4, 4, 0), write(18, 1, 7)];
  const unmet = failed('negotiates-features');
  t.same(found([...up, ...again(7), unmet]), ['features-not-written-again']);
  t.same(found([...up, ...again(0), unmet]), []);
});

t.test('a driver that needs all features', async (t) => {
  const unmet = failed('respects-offer');
  const refused = [
    read(0, 4, 0),
    write(18, 1, 3),
    status(3),
    write(18, 1, 0x83),
    status(0x83),
    loaded,
    unmet,
  ];
  t.same(found([...up, ...refused]), ['partial-offer-refused']);
  t.same(found(refused), [], 'it never came up');
  t.same(found([...up, read(0, 4, 0), status(7), loaded, unmet]), []);
});
