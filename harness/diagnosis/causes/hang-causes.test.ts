import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import {
  failed,
  found,
  handled,
  loaded,
  raise,
  read,
  send,
  status,
  up,
  write,
} from '../../testing/cause-events.js';

/**
 * Lines of Linux 6.12 and, for RCU, of 5.10 to 7.3. The processor was in this function when the kernel
 * complained.
 */
const lockup = (at: string, ...frames: string[]): string[] => [
  '[   32.858387] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [agent:135]',
  '[   32.858826] Modules linked in: virtio_vmmci(OE+) virtio_pci_obsd(OE) virtio_blk(E)',
  `[   32.863944] RIP: 0010:${at}`,
  '[   32.867726] Call Trace:',
  '[   32.867944]  <TASK>',
  ...frames.map((frame) => `[   32.868112]  ${frame}`),
  '[   32.870929]  really_probe+0xcc/0x350',
  '[   32.924555]  </TASK>',
  '[   32.892000] Kernel panic - not syncing: softlockup: hung tasks',
  '[   32.892100] Call Trace:',
  `[   32.904000] RIP: 0010:${at}`,
];
const blocked = (frame: string): string[] => [
  '[   92.000001] INFO: task agent:135 blocked for more than 30 seconds.',
  '[   92.000002] task:agent           state:D stack:0     pid:135   tgid:135   ppid:1',
  '[   92.000003] Call Trace:',
  '[   92.000004]  __wait_for_common+0x91/0x1e0',
  `[   92.000005]  ${frame}`,
];
const probe = 'vmmci_probe+0x2d/0x40 [virtio_vmmci]';
const remove = 'vmmci_remove+0x4f/0xd0 [virtio_vmmci]';
const slowpath = 'native_queued_spin_lock_slowpath+0x5f/0x2c0';
const panic =
  'the guest panicked while waiting for loading of a, b: Kernel panic - not syncing: softlockup: hung tasks';
const hang = (state: string): string => `no answer to \`unload b a\` within 5 s; ${state}\n[    6.7] loaded`;

const from = (dmesg: string[], ...reasons: string[]): string[] => found(up, { dmesg, reasons });

t.test('a processor that loops in the driver has not crashed there', async (t) => {
  t.same(from(lockup(probe), [panic, ...lockup(probe)].join('\n')), ['guest-stalls']);
  for (const headline of [
    'rcu: INFO: rcu_preempt self-detected stall on CPU',
    'rcu: INFO: rcu_sched detected stalls on CPUs/tasks:',
    'rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 0-... } 21 jiffies s: 1 root: 0x1/.',
    'Kernel panic - not syncing: NMI: Not continuing',
  ])
    t.same(from([headline, `RIP: 0010:${probe}`]), ['guest-stalls'], headline);
  t.same(
    from(['sysrq: Show backtrace of all active CPUs', `RIP: 0010:${probe}`]),
    [],
    'the harness asked for it',
  );
});

t.test('tells a lock whose holder was interrupted from one that is never released', async (t) => {
  const stack = (...below: string[]): string[] => [
    `RIP: 0010:${slowpath}`,
    ' <IRQ>',
    ' _raw_spin_lock+0x29/0x30',
    ' vmmci_handle_command+0x37/0x110 [virtio_vmmci]',
    ' obsd_interrupt+0x4b/0x50 [virtio_pci_obsd]',
    ' </IRQ>',
    ...below,
    ' </TASK>',
    `CPU 0 in ${slowpath}`,
  ];
  const holder = [
    ' obsd_get+0x7c/0x120 [virtio_pci_obsd]',
    ' vmmci_handle_command+0x60/0x110 [virtio_vmmci]',
  ];
  t.same(from(stack(...holder)), ['lock-taken-with-interrupts-on']);
  const part = ' vmmci_handle_command.cold+0xf6/0x110 [virtio_vmmci]';
  t.same(from(stack(' _dev_info+0x7d/0x98', part)), ['lock-taken-with-interrupts-on']);
  const stop = [send('REBOOT'), ...handled];
  const reasons = ['no request to go down within 5.42 s; CPU 0 in native_queued_spin_lock_slowpath'];
  t.same(
    found([...up, ...stop], { dmesg: stack(...holder), reasons }),
    ['lock-taken-with-interrupts-on'],
    'a stop that is not carried out is a consequence',
  );
  t.same(from(stack(' host_time_show+0x1/0x2 [virtio_vmmci]')), ['lock-not-released']);
  t.same(from(stack(` ${slowpath}`, ...holder)), ['lock-not-released']);
});

t.test('an endless loop keeps the handler from running, and is the cause', async (t) => {
  const writes = Array.from({ length: 12 }, () => write(20, 4, 2));
  const polled = [...up, send('REBOOT'), raise, read(20, 4, 2), ...writes];
  const loop = (what: string) => found(polled, { reasons: [`livelock: 300 ${what} within 9 ms`] });
  t.same(loop('acknowledgements of one command'), ['acknowledged-twice']);
  t.ok(loop('accesses to the same registers').includes('registers-read-in-a-loop'));
  t.same(loop('interrupts'), ['isr-never-read']);
  const again = Array.from({ length: 9 }, () => [raise, read(20, 4, 2), write(20, 4, 2)]).flat();
  const reasons = ['livelock: 100 acknowledgements of one command within 126 ms'];
  t.same(
    found([...up, send('REBOOT'), ...again], { reasons }),
    ['isr-never-read'],
    'each after an interrupt',
  );
  const raised = Array.from({ length: 12 }, () => [raise, write(20, 4, 2)]).flat();
  t.same(
    found([...up, send('REBOOT'), raise, read(20, 4, 2), write(20, 4, 2), ...raised], { reasons }),
    ['acknowledged-twice'],
    'QEMU raises the line again at each access',
  );
});

t.test('a processor that is slow elsewhere shows no fault of the driver', async (t) => {
  t.same(from(lockup('virtio_config_changed+0x60/0x80 [virtio]')), []);
  t.same(from(lockup('finish_task_switch+0x1/0x2')), []);
});

t.test('a task that sleeps in the driver does not keep a processor busy', async (t) => {
  t.same(from(blocked(remove), hang('agent waits in vmmci_remove [virtio_vmmci]; CPU 0 idle')), [
    'task-waits-in-driver',
  ]);
  t.same(from(blocked(remove)), ['task-waits-in-driver']);
  t.same(from(blocked('blkdev_put+0x1/0x2')), [], 'no function of the driver');
  t.same(from([], hang('agent waits; CPU 0 idle')), []);
});

t.test('the lock of the kernel for starting programs that is never free again', async (t) => {
  const waiting = (frame: string, ...callers: string[]): string[] => [
    'task:sh              state:D stack:0     pid:164   tgid:164   ppid:136    flags:0x00004002',
    ' rwsem_down_write_slowpath+0x1dd/0x640',
    ' ? _printk+0x6c/0x87',
    ' down_write+0x5a/0x60',
    ` ${frame}`,
    ...callers.map((caller) => ` ${caller}`),
  ];
  const reason = hang('sh waits; CPU 0 idle');
  t.same(from(waiting('__usermodehelper_set_disable_depth+0x18/0x50', 'thaw_processes+0x52/0x1f0'), reason), [
    'program-lock-not-free',
  ]);
  t.same(from(waiting('__usermodehelper_disable+0x3a/0x120', 'freeze_processes+0x47/0xc0'), reason), [
    'program-lock-not-free',
  ]);
  t.same(from(waiting('kernfs_remove+0x1/0x2'), reason), []);
  t.same(from(['__usermodehelper_disable+0x3a/0x120'], reason), [], 'not waiting for the lock');
});

t.test('a task that waits for one that loops is a consequence', async (t) => {
  t.same(from([...lockup('vmmci_poll+0x1/0x2 [virtio_vmmci]'), ...blocked(remove)]), ['guest-stalls']);
});

t.test('a lock that is never released, or held in a loop', async (t) => {
  t.same(from(lockup(slowpath, probe)), ['lock-not-released']);
  t.same(from([...lockup(probe), `RIP: 0010:${slowpath}`]), ['guest-stalls']);
  t.same(from(['WARNING: x', ` ? ${slowpath}`]), [], 'a frame that may be old');
});

t.test('a SYNCRTC that never ends', async (t) => {
  const reasons = ['no answer to `unload b` within 39 s; agent waits in vmmci_remove [virtio_vmmci]'];
  const sync = [...up, send('SYNCRTC'), ...handled];
  const rounds = (count: number) =>
    Array.from({ length: count }, () => [read(24, 4, 0), read(32, 4, 0)]).flat();
  t.same(found([...sync, ...rounds(2), status(0), ...rounds(98)], { reasons }), ['sync-repeated-for-ever']);
  t.same(found([...sync, ...rounds(1)], { reasons }), ['task-waits-in-driver']);
  const runs = [
    'no answer to `unload b` within 39 s; CPU 0 in queue_work_on, called by vmmci_sync [virtio_vmmci]',
  ];
  t.same(found([...sync, ...rounds(100)], { reasons: runs }), ['sync-repeated-for-ever']);
});

t.test('a probe that never ends cannot set DRIVER_OK', async (t) => {
  const probing = [write(18, 1, 3), status(3), write(4, 4, 7), 60_000, loaded];
  const late = (state: string) => [`no loading of b, a within 60 s; ${state}; the driver has logged nothing`];
  const ends = (state: string) => found(probing, { reasons: late(state) });
  t.same(ends('CPU 0 in vmmci_probe [virtio_vmmci]'), ['guest-stalls']);
  t.same(ends('CPU 0 in __cond_resched, called by vmmci_probe [virtio_vmmci]'), ['guest-stalls']);
  const waits = 'agent waits in vmmci_probe [virtio_vmmci]';
  t.same(ends(`${waits}; CPU 0 idle`), ['task-waits-in-driver']);
  t.same(ends(`${waits}; CPU 0 in finish_task_switch, called by vmmci_probe [virtio_vmmci]`), [
    'task-waits-in-driver',
  ]);
  const polled = [...up, read(20, 4, 0), 60_000, read(20, 4, 0), loaded];
  t.same(found(polled, { reasons: late('CPU 0 in vmmci_poll [virtio_vmmci]') }), [], 'it may be a poll');
});

t.test('polls that end with a stop', async (t) => {
  const poll = read(20, 4, 0);
  const stop = [send('REBOOT'), ...handled];
  const reasons = ["no 'bar-read' in the trace, 5 times within 1.24 min; CPU 0 idle"];
  const ends: TraceData = { kind: 'qemu-exit', how: 'killed by the harness' };
  t.same(found([...up, poll, poll, poll, ...stop, 20_000, ends], { reasons }), ['stops-looking-after-stop']);
  t.same(found([...up, poll, ...stop, 20_000, ends], { reasons }), [], 'it may not poll at all');
  t.same(found([...up, poll, poll, poll, ...stop, poll, 20_000, ends], { reasons }), [], 'it polled on');
});

t.test('polls that end with a device that does not respond', async (t) => {
  const [poll, absent] = [read(20, 4, 0), read(20, 4, 0xffff_ffff)];
  const ends: TraceData = { kind: 'qemu-exit', how: 'killed by the harness' };
  for (const awaited of ['bar-read', 'fault']) {
    const reasons = [`no '${awaited}' in the trace, 3 times within 51.9 s; CPU 0 idle`];
    const causesOf = (...events: TraceData[]) => found([...up, poll, ...events, 20_000, ends], { reasons });
    t.same(causesOf(absent), ['stops-looking-after-absence']);
    t.same(causesOf(absent, send('SYNCRTC'), ...handled), ['stops-looking-after-absence']);
    t.same(causesOf(absent, poll), [], 'it polled on');
    const absentStatus = read(18, 1, 0xff);
    t.same(causesOf(absentStatus), ['stops-looking-after-absence'], 'a poll that begins with the status');
    t.same(causesOf(absentStatus, poll), [], 'it polled on after that');
  }
});

t.test('a time that the kernel refuses', async (t) => {
  const reasons = ["no step of the guest's clock to the device's within 33 s; CPU 0 idle"];
  const dmesg = ['virtio_vmmci virtio2: cannot set the clock: error -22'];
  t.same(found(up, { reasons, dmesg }), ['set-time-refused']);
  t.same(found(up, { dmesg }), [], 'a scenario may have made the call fail');
});

t.test('a stop after another kind of stop', async (t) => {
  const reboot = [...up, send('REBOOT'), ...handled];
  const sent: TraceData = { kind: 'command', name: 'SHUTDOWN', result: 'sent' };
  const shutdown = [sent, raise, read(19, 1, 2), read(20, 4, 1)];
  const reasons = ["no 'ack' in the trace within 19.1 s; CPU 0 idle"];
  const unmet = failed('acknowledges');
  t.same(found([...reboot, ...shutdown, 20_000, unmet], { reasons }), ['stop-after-stop-ignored']);
  t.same(found([...up, ...shutdown, write(20, 4, 1), 20_000, unmet], { reasons }), []);
});
