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
  trace,
  up,
  write,
} from '../../testing/cause-events.js';
import { isRequirementId } from '../requirements.js';
import { type CauseId, causes } from './cause-table.js';
import type { Cause } from './facts.js';
import { explaining, findCauses } from './find-causes.js';

const late = failed('acknowledges-in-time');
const time = failed('shows-host-time');
const reading = [read(24, 4, 1), read(28, 4, 0), read(32, 4, 5), read(36, 4, 0)];

const byTrace: readonly (readonly [CauseId, readonly (TraceData | number)[]])[] = [
  ['isr-never-read', [...up, send('REBOOT'), raise, read(20, 4, 2), write(20, 4, 2), raise, raise]],
  ['isr-read-wide', [...up, send('REBOOT'), raise, read(16, 4, 0x02070000), read(20, 4, 2), write(20, 4, 2)]],
  ['config-read-bytewise', [...up, read(24, 1, 1), read(25, 1, 1), failed('reads-clock-in-words')]],
  ['config-read-halfwords', [...up, read(24, 2, 1), read(26, 2, 1), failed('reads-clock-in-words')]],
  [
    'config-written-narrow',
    [...up, send('REBOOT'), raise, read(19, 1, 2), read(20, 4, 2), write(20, 1, 2), late],
  ],
  ['config-at-24', [...up, send('REBOOT'), raise, read(19, 1, 2), read(24, 4, 9), read(40, 4, 9), time]],
  ['config-at-24', [...up, send('REBOOT'), read(24, 4, 9), write(20, 4, 9), read(40, 4, 9), time]],
  [
    'ack-at-wrong-offset',
    [...up, send('REBOOT'), raise, read(19, 1, 2), read(20, 4, 2), write(24, 4, 2), expired, late],
  ],
  ['microseconds-before-seconds', [...up, read(32, 4, 5), read(24, 4, 1), read(28, 4, 0), time]],
  ['microseconds-not-read', [...up, read(24, 4, 1), read(20, 4, 0), read(24, 4, 2), read(20, 4, 0), time]],
  [
    'seconds-not-read',
    [...up, read(32, 4, 0), read(32, 4, 0), failed('shows-host-time', 'host time', 'none', '0')],
  ],
  ['second-sample', [...up, read(24, 4, 1), read(24, 4, 1), read(28, 4, 0), read(32, 4, 5), time]],
  ['features-not-written', [write(4, 4, 0), status(0), write(4, 4, 0), read(0, 4, 7), status(3), status(7)]],
  ['features-after-driver-ok', [read(0, 4, 7), status(3), status(7), write(4, 4, 7)]],
  [
    'feature-not-accepted',
    [read(0, 4, 7), status(3), write(4, 4, 3), status(7), failed('negotiates-features')],
  ],
  ['high-words-read', [...up, read(28, 4, 0), read(32, 4, 5)]],
  ['features-not-offered', [read(0, 4, 1), status(3), write(4, 4, 7), status(7)]],
  ['driver-ok-never-set', [write(18, 1, 1), status(1), write(18, 1, 3), status(3), write(4, 4, 7)]],
  [
    'command-never-acknowledged',
    [...up, send('REBOOT'), raise, read(19, 1, 2), read(20, 4, 2), 3000, expired, late],
  ],
  [
    'acknowledged-with-wrong-value',
    [...up, send('REBOOT'), raise, read(19, 1, 2), read(20, 4, 2), write(20, 4, 1)],
  ],
  ['acknowledged-twice', [...up, send('REBOOT'), ...handled, write(20, 4, 2), failed('acts-once')]],
  [
    'acknowledged-late',
    [...up, send('REBOOT'), raise, read(19, 1, 2), read(20, 4, 2), 5000, write(20, 4, 2), late],
  ],
  ['interrupt-not-acted-on', [...up, send('REBOOT'), raise, read(19, 1, 2), 3000, expired, late]],
  [
    'acknowledged-without-feature',
    [read(0, 4, 1), write(4, 4, 1), status(7), send('REBOOT'), ...handled, failed('respects-offer')],
  ],
  [
    'driver-ok-dropped-on-stop',
    [...up, send('REBOOT'), ...handled, status(0), failed('quiet-on-the-way-down')],
  ],
  ['never-looks-unasked', [...up, send('REBOOT'), 10_000, failed('looks-unasked')]],
  ['not-reset-on-remove', [...up, failed('drops-driver-ok', 'DRIVER_OK after unload 1', 'off', '7')]],
  ['nothing-restored-after-sleep', [...up, suspend, { kind: 'reset' }, 1000, failed('restores-after-sleep')]],
];

t.test('finds the cause that a trace shows, and no other', async (t) => {
  for (const [id, items] of byTrace) t.same(found(items), [id], id);
});

t.test('does not count features as late that are written after a reset of the device', async (t) => {
  const again = [read(0, 4, 7), write(4, 4, 7)];
  t.same(found([...up, { kind: 'reset' }, ...again]), []);
  t.same(found([...up, write(18, 1, 3), ...again]), []);
});

t.test(
  'handles traces of real guests: a reset that reads the ISR, a clock that is always read in the wrong order',
  async (t) => {
    const removed = [read(19, 1, 2), status(0)];
    t.same(found([...up, send('REBOOT'), raise, read(20, 4, 2), write(20, 4, 2), status(0), ...removed]), [
      'isr-never-read',
    ]);
    const wrongOrder = [read(32, 4, 5), read(36, 4, 0), read(24, 4, 1), read(28, 4, 0)];
    const reasons = ['host time at 1970-01-01T00:00:00.000001Z: expected 1, seen 0 (trace #0)'];
    t.same(found([...up, ...wrongOrder, ...wrongOrder, time], { reasons }), ['microseconds-before-seconds']);
  },
);

t.test('needs evidence for a cause, not only a failed check near similar events', async (t) => {
  const low = [read(24, 4, 1), read(32, 4, 5)];
  const raw = [read(24, 4, 1), read(28, 4, 0)];
  const lone = [read(24, 4, 1), ...raw];
  const reasons = ['host time: expected 5000007, seen 6000007 (trace #1)'];
  t.same(found([...up, ...low, ...low, time], { reasons }), [], 'right readings');
  t.same(found([...up, ...lone, ...low, ...low, time], { reasons }), [], 'seconds read alone, then right');
  t.same(found([...up, ...low, ...lone, read(32, 4, 5), time], { reasons }), [], 'one of two');
  t.same(found([...up, read(32, 4, 5), ...raw, ...low, ...low, time], { reasons }), [], 'microseconds alone');
  const gone: TraceData = { kind: 'bar-read', offset: 24, width: 4, value: 0xffffffff, absent: true };
  const error = failed('no-time-is-an-error');
  t.same(found([...up, gone, error], { reasons: ['error: expected ENODEV, seen EIO'] }), []);
  const shown = ['host time: expected ENODEV, seen 4294967295.4294967295'];
  t.same(found([...up, gone, error], { reasons: shown }), ['all-ones-taken-for-data']);
});

t.test('finds no cause for a correct driver', async (t) => {
  const right = [...up, send('REBOOT'), ...handled, ...reading, ...reading];
  for (const [, cause] of Object.entries<Cause>(causes))
    for (const requirement of cause.explains ?? ['driver-ok']) {
      if (requirement === 'drops-driver-ok') continue; // a driver that is still up has not dropped it
      t.same(found([...right, failed(requirement)]), [], requirement);
    }
});

t.test('names a crash in probe, not its consequence', async (t) => {
  const probing = [write(18, 1, 1), status(1), write(18, 1, 3), status(3)];
  const reasons = ['the guest panicked while waiting for loading of a, b: Kernel panic - not syncing: Fatal'];
  t.same(found(probing), ['driver-ok-never-set']);
  t.same(found(probing, { reasons: [`${reasons[0]}\nRIP: 0010:0x0`] }), ['callback-missing']);
  t.same(found(probing, { reasons }), []);
});

t.test('names the function of the driver below which the kernel crashes', async (t) => {
  const crash = (frame: string, rip = '_raw_spin_lock_irqsave+0x27/0x50') =>
    found(up, {
      dmesg: [
        '[   16.541254] BUG: kernel NULL pointer dereference, address: 00000000000000a8',
        `[   16.550676] RIP: 0010:${rip}`,
        '[   16.559297] Call Trace:',
        '[   16.559584]  <IRQ>',
        '[   16.559700]  ? rcu_do_batch+0x165/0x560 [other]',
        `[   16.559824]  ${frame}`,
      ],
    });
  t.same(crash('vmmci_handle_command+0x37/0x120 [virtio_vmmci]'), ['crash-below-driver']);
  t.same(crash('virtio_config_changed+0x60/0x80'), [], 'no function of a module');
  const inside = 'vmmci_sync+0x1a/0x90 [virtio_vmmci]';
  t.same(crash(inside, inside), ['crash-in-driver']);
});

t.test('does not blame the restore for a device that is gone when the guest wakes up', async (t) => {
  const gone: TraceData = { kind: 'bar-read', offset: 0, width: 4, value: 0xffffffff, absent: true };
  const slept = [...up, suspend, { kind: 'reset' } as const, gone, 1000];
  const unnoticed = failed('restores-after-sleep', 'resume error', 'in the kernel log', 'none');
  t.same(found([...slept, unnoticed]), ['all-ones-taken-for-data']);
  t.same(found([...slept, failed('restores-after-sleep')]), []);
  const otherError = failed('refuses-absent-device', 'errors of the resume', '-19', '-5');
  t.same(found([...slept, otherError]), ['resume-error-wrong']);
});

t.test('does not take a warning of the driver for a crash', async (t) => {
  const at = 'obsd_get+0x46/0x130 [virtio_pci_obsd]';
  const rip = `RIP: 0010:${at}`;
  t.same(
    found(up, { dmesg: [`WARNING: CPU: 0 PID: 131 at /build/obsd_config.c:30 ${at}`, 'Modules', rip] }),
    ['warning-in-driver'],
  );
  t.same(found(up, { dmesg: ['BUG: kernel NULL pointer dereference, address: 00', 'Modules', rip] }), [
    'crash-in-driver',
  ]);
});

t.test('blames a lock that is still held, not who sleeps outside of the driver', async (t) => {
  const atomic = 'BUG: scheduling while atomic: cat/153/0x00000002';
  const stack = (...frames: string[]) => [atomic, 'Call Trace:', ' <TASK>', ...frames, ' </TASK>'];
  const inDriver = ' host_time_show+0x20/0x60 [virtio_vmmci]';
  t.same(found(up, { dmesg: stack(' __schedule+0x9/0xb', inDriver) }), ['sleeps-in-interrupt']);
  t.same(found(up, { dmesg: stack(' __schedule+0x9/0xb', ' do_exit+0x7/0xad0') }), []);
  const waits = 'RIP: 0010:native_queued_spin_lock_slowpath+0x13f/0x2a0';
  t.same(found(up, { dmesg: [...stack(' do_exit+0x7/0xad0'), inDriver, waits] }), ['lock-not-released']);
});

t.test('names a driver that is loaded and does not bind', async (t) => {
  const reasons = [
    "in the guest, `stat -c %a /sys/bus/pci/devices/0000:00:05.0/virtio*/host_time` exited with status 1: can't stat",
  ];
  t.same(found([loaded], { reasons }), ['function-not-bound']);
  t.same(found([loaded, failed('binds-function', 'driver of the function', 'a', 'null')]), [
    'function-not-bound',
  ]);
  t.same(found([...up, failed('binds-function', 'driver of the function', 'a', 'null')]), [], 'it was bound');
});

t.test('uses the value of a fault for a read that the fault answered', async (t) => {
  const fault: TraceData = { kind: 'fault', protocol: 'vfio-user', command: 'REGION_READ', value: 4 };
  const unknown = failed('acknowledges-known-only');
  const handled = [read(20, 4, 3), write(20, 4, 4)] as const;
  t.same(found([...up, send('SYNCRTC'), raise, read(19, 1, 2), fault, ...handled, unknown]), [
    'unknown-command-acknowledged',
  ]);
  const logged: TraceData = { kind: 'console', line: 'unknown command 4' };
  const [poll, ack] = handled;
  t.same(found([...up, send('SYNCRTC'), raise, read(19, 1, 2), fault, poll, logged, ack, unknown]), [
    'unknown-command-acknowledged',
  ]);
  t.same(found([...up, send('SYNCRTC'), raise, read(19, 1, 2), ...handled, unknown]), [
    'acknowledged-with-wrong-value',
  ]);
});

t.test('evidence of the kernel log has each line once', async (t) => {
  const line = 'BUG: KASAN: slab-use-after-free in x+0x1/0x2 [m]';
  const reasons = [`the guest kernel reported an error (KASAN): ${line}\n[    1.5] ${line}`];
  t.match(findCauses({ trace: [], dmesg: [`[    1.5] ${line}`], reasons }), [
    { id: 'memory-used-after-free', evidence: [line] },
  ]);
  t.strictSame(findCauses({ trace: [], dmesg: [], reasons })[0]?.evidence, [line]);
});

t.test('evidence of a leak that makes the guest panic begins with what has happened before', async (t) => {
  const panicked = 'the guest panicked while waiting for the list after pci_iomap, call 1 has failed';
  const reasons = [`${panicked}\n[    1.5] BUG: unable to handle page fault\n[    1.5]  r_show+0xb4/0xe0`];
  t.match(findCauses({ trace: [], dmesg: [], reasons }), [
    { id: 'range-not-released', evidence: [panicked, '[    1.5]  r_show+0xb4/0xe0'] },
  ]);
});

t.test('finds causes in the kernel log', async (t) => {
  const cases: readonly (readonly [CauseId, string])[] = [
    ['sleeps-in-interrupt', 'BUG: sleeping function called from invalid context at drivers/x.c:1'],
    ['interrupts-nobody-claims', 'irq 11: nobody cared (try booting with the "irqpoll" option)'],
    ['interrupt-not-freed', "remove_proc_entry: removing non-empty directory 'irq/11', leaking at least 'x'"],
    ['range-not-released', 'Trying to free nonexistent resource <c000-cfff>'],
    ['memory-used-after-free', 'BUG: KASAN: slab-use-after-free in x+0x1/0x2'],
    [
      'memory-used-after-free',
      'Oops: general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6c7b: 0000 [#1]',
    ],
    ['attributes-left-behind', "sysfs: cannot create duplicate filename '/devices/x'"],
    ['attributes-left-behind', "debugfs: Directory 'virtio2' with parent '/' already present!"],
    ['symbol-missing', 'virtio_vmmci: Unknown symbol register_virtio_driver (err -2)'],
    ['memory-leaked', 'unreferenced object 0xffff888006a3c000 (size 64):'],
    ['memory-out-of-bounds', 'BUG: KASAN: slab-out-of-bounds in x+0x1/0x2'],
    ['undefined-behaviour', 'UBSAN: array-index-out-of-bounds in vmmci_sysfs.c:68:34'],
    ['lock-not-initialized', 'INFO: trying to register non-static key.'],
    [
      'crash-in-driver',
      'BUG: unable to handle page fault for address: 8\nRIP: 0010:vmmci_sync+0x1a/0x90 [virtio_vmmci]',
    ],
    ['crash-in-driver', 'kernel BUG at vmmci.c:9!\nEIP: vmmci_sync+0x1a/0x90 [virtio_vmmci]'],
    ['lock-not-released', 'RIP: 0010:native_queued_spin_lock_slowpath+0x5f/0x2c0'],
    [
      'task-waits-in-driver',
      'INFO: task cat:99 blocked for more than 30 seconds.\n f+0x1/0x2 [virtio_vmmci]',
    ],
    ['callback-missing', 'RIP: 0010:0x0'],
    ['probe-returns-positive', 'Driver probe function unexpectedly returned 1'],
    ['lock-order', 'WARNING: possible circular locking dependency detected'],
    [
      'guest-stalls',
      'rcu: INFO: rcu_sched self-detected stall on CPU\nRIP: 0010:vmmci_poll+0x1a/0x90 [virtio_vmmci]',
    ],
    ['callback-missing', 'EIP: 0x0'],
    [
      'object-not-cleared',
      'kobject: kobject (0000000012345678): tried to init an initialized object, something is seriously wrong.',
    ],
    [
      'crash-below-driver',
      'Oops: general protection fault, probably for non-canonical address 0x1ada6b176adad88: 0000 [#1]\nRIP: 0010:kfree+0x70/0x350\nCall Trace:\n obsd_probe+0x19c/0x220 [virtio_pci_obsd]',
    ],
  ];
  for (const [id, line] of cases) {
    t.same(found(up, { dmesg: ['fine', ...line.split('\n')] }), [id], id);
    t.same(
      found(up, { reasons: [`the guest kernel reported an error:\n${line}`] }),
      [id],
      `${id} in a reason`,
    );
  }
});

t.test('a command that came just before the driver was unbound', async (t) => {
  const bound = [...up, send('SYNCRTC'), raise, read(19, 1, 2), status(0), ...up];
  const reasons = ["no 'ack' in the trace within 10 s"];
  t.same(found([...bound, 10_000, loaded], { reasons }), ['pending-command-not-read']);
  t.same(found([...bound, 1000, loaded], { reasons }), [], 'it may still read it');
  t.same(found([...bound, read(20, 4, 0), 10_000, loaded], { reasons }), [], 'it reads the command');
});

t.test('a command that is not acknowledged by a driver that does not poll', async (t) => {
  const first = [...up, send('REBOOT'), ...handled];
  const second = [send('SYNCRTC'), raise, read(19, 1, 2), read(20, 4, 3)];
  const unmet = failed('respects-offer');
  t.same(found([...first, ...second, loaded, unmet]), ['not-acknowledged-though-offered']);
  t.same(found([...first, ...second, unmet]), [], 'its handler may still run');
  t.same(found([...first, ...second, write(20, 4, 3), loaded, unmet]), [], 'it is acknowledged');
});

t.test('accesses that another driver asks for show no fault of the transport', async (t) => {
  const narrow = [read(24, 1, 1), read(25, 1, 1)];
  t.same(found([...up, ...narrow]), ['config-read-bytewise']);
  const another: TraceData = { kind: 'phase', name: 'another driver' };
  t.same(found([...up, another, ...narrow]), []);
  t.same(found([another, ...up, ...narrow]), [], 'the transport negotiates for it as for its own driver');
});

t.test('a device that was not reset, from the warning of the virtio core', async (t) => {
  for (const line of [
    'WARNING: CPU: 0 PID: 136 at drivers/virtio/virtio.c:372 virtio_dev_remove+0x8c/0x90',
    'WARNING: drivers/virtio/virtio.c:378 at virtio_dev_remove+0x8c/0x90, CPU#0: agent/109',
  ]) {
    t.same(found([...up, read(18, 1, 7)], { dmesg: [line] }), ['not-reset-on-remove'], line);
    t.same(found([...up, read(18, 1, 0)], { dmesg: [line] }), [], 'the device was reset');
    const gone: TraceData = { kind: 'bar-read', offset: 18, width: 1, value: 0xff, absent: true };
    t.same(found([...up, gone], { dmesg: [line] }), ['absent-status-reported'], 'the device is absent');
    t.same(found([...up, write(18, 1, 1), read(18, 1, 1)], { dmesg: [line] }), ['reset-leaves-status'], line);
    t.same(found([...up, write(18, 1, 0), read(18, 1, 1)], { dmesg: [line] }), [], 'not what was written');
  }
});

t.test('leaves out causes of advice beside the cause of a failure', async (t) => {
  const of = (...ids: CauseId[]) => ids.map((id) => ({ id, evidence: ['a line'] }));
  const [advice, failure] = of('absent-status-reported', 'memory-leaked');
  if (advice === undefined || failure === undefined) throw new Error('two causes');
  t.strictSame(explaining([advice, failure], 'should'), [failure]);
  t.strictSame(explaining([advice, failure], 'may'), [advice, failure]);
  t.strictSame(explaining([advice], 'should'), [advice], 'the only one');
});

/** The events of the device before the time was read. */
const readingOf = (id: CauseId): TraceData[] => {
  if (id === 'words-swapped') return [...reading];
  if (id === 'earlier-sample-shown') return [{ kind: 'sample', us: 5_000_007n }];
  const withSample = ['drift-from-uptime', 'device-time-in-32-bits', 'drift-without-device-time'];
  return withSample.includes(id) ? [{ kind: 'sample', us: 1_800_000_000_000_000n }] : [];
};

t.test('finds causes in how a time is wrong', async (t) => {
  const cases: readonly (readonly [CauseId, string, string, string])[] = [
    ['seconds-signed', 'shows-host-time', '2147483648000001', '-2147483647999999'],
    ['high-word-ignored', 'shows-host-time', '4294967301000007', '5000007'],
    ['words-swapped', 'shows-host-time', '4294967301000007', '21474836481000007'],
    ['fraction-not-padded', 'shows-host-time', '5000007', '5700000'],
    ['microseconds-as-nanoseconds', 'shows-host-time', '5123456', '5000123'],
    ['microseconds-as-nanoseconds', 'shows-ptp-time', '5123456000', '5000123456'],
    ['microseconds-as-nanoseconds', 'shows-ptp-time', '5123456000', '5000000123'],
    ['fraction-dropped', 'shows-host-time', '5123456', '5000000'],
    ['earlier-sample-shown', 'shows-host-time', '9123456', '5000007'],
    ['drift-sign', 'shows-drift', '6900 to 7100', '-7000'],
    ['drift-overflow', 'shows-drift', '4294967300 to 4294967310', '5'],
    ['drift-unsigned', 'shows-drift', '-7100 to -6900', '18446744073709544616'],
    ['device-time-in-32-bits', 'shows-drift', '7000 to 8000', '-1799999999000000000'],
    ['drift-without-device-time', 'shows-drift', '7000 to 8000', '-1799999999999992500'],
    ['drift-in-other-unit', 'shows-drift', '18000000000000 to 18000000009000', '18000000007'],
    ['drift-from-uptime', 'shows-drift', '7000 to 8000', '1799999995000000000'],
  ];
  for (const [id, requirement, expected, seen] of cases) {
    const ptp = requirement === 'shows-ptp-time';
    const what = ptp
      ? 'PTP_SYS_OFFSET_EXTENDED at an instant'
      : requirement === 'shows-drift'
        ? 'drift of a guest, in ns'
        : 'host time at an instant';
    t.same(found([...up, ...readingOf(id), failed(requirement, what, expected, seen)]), [id], id);
  }
  const off = failed('shows-host-time', 'host time', '5000007', '6000007');
  t.same(found([...up, off]), [], 'a second off is none of these');
  const signed = failed('shows-host-time', 'host time', '2147483648000001', '-2147483647999999');
  t.same(found([...up, signed, off]), [], 'one fault has to explain all that is wrong');
});

t.test('the table has sentences and existing requirements', async (t) => {
  const all = Object.entries<Cause>(causes);
  t.ok(all.length >= 30, `${all.length} causes`);
  for (const [id, { sentence, change, explains = [] }] of all) {
    t.match(sentence, /^[A-Z].*\.$/, id);
    t.match(change, /^[A-Z].*\.$/, id);
    for (const requirement of explains) t.ok(isRequirementId(requirement), `${id}: ${requirement}`);
  }
});

t.test('evidence has a few decoded lines', async (t) => {
  const items = [...up, send('REBOOT'), raise, read(20, 4, 2), write(20, 4, 2), raise, raise];
  const [cause] = findCauses({ trace: trace(items), dmesg: [], reasons: [] });
  t.same(cause?.evidence, [
    '#7 8.000 ms interrupt line raised, ISR 0x2 (config change)',
    '#8 9.000 ms read command = REBOOT',
    '#10 11.000 ms interrupt line raised, ISR 0x2 (config change)',
  ]);
});
