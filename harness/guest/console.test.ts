import { PassThrough } from 'node:stream';
import t from 'tap';
import { HarnessError } from '../base/errors.js';
import type { TraceData } from '../base/trace.js';
import type { QemuExit } from '../qemu/exit.js';
import { FakeTimers } from '../testing/fake-timers.js';
import { Console } from './console.js';

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const setUp = ({ hostFailure }: { hostFailure?: Promise<HarnessError> } = {}) => {
  const stream = new PassThrough();
  const timers = new FakeTimers();
  const traced: TraceData[] = [];
  let end: (exit: QemuExit) => void = () => {};
  const exit = new Promise<QemuExit>((resolve) => {
    end = resolve;
  });
  const console = new Console({ stream, exit, hostFailure, timers, trace: (event) => traced.push(event) });
  const print = async (text: string): Promise<void> => {
    stream.write(text);
    await nextTick();
  };
  const quit = (fields: Partial<QemuExit>): void =>
    end({ status: 0, signal: null, shutdown: null, killed: false, stderr: '', ...fields });
  return { console, timers, traced, print, quit };
};

t.test('a wait ends with the first matching line, earlier or later', async (t) => {
  const { console, print, timers, traced } = setUp();
  await print('first\n');
  timers.pass(250);
  await print('second 2\n');
  const old = await console.waitFor(/second (\d)/, { what: 'the second line', timeoutMs: 1000 });
  t.equal(old.match[1], '2');
  t.strictSame(old.line, { at: 250, text: 'second 2' }, 'with the host’s time');
  t.equal(old.cursor, 2);
  const later = console.waitFor(/second/, { what: 'another', timeoutMs: 1000, from: old.cursor });
  await print('sec');
  await print('ond 3\n');
  t.equal((await later).line.text, 'second 3');
  t.equal(timers.pending, 0, 'no timer is left behind');
  t.strictSame(traced[0], { kind: 'console', line: 'first' });
});

t.test('a timeout names what was awaited, the time and the last 20 lines', async (t) => {
  const { console, print, timers } = setUp();
  for (let line = 0; line < 30; line += 1) await print(`line ${line}\n`);
  const wait = console.waitFor(/never/, { what: 'word from the driver', timeoutMs: 3000 });
  timers.pass(2999);
  await print('still here\n');
  timers.pass(1);
  await t.rejects(wait, {
    code: 'GUEST_TIMEOUT',
    blame: 'failed',
    message: /^no word from the driver within 3 s; last console lines:\nline 11\n[\s\S]*line 29\nstill here$/,
  });
});

t.test('a panic ends every wait after its message is complete', async (t) => {
  const { console, print, timers } = setUp();
  const wait = console.waitFor(/never/, { what: 'the end', timeoutMs: 60_000 });
  await print('[ 1.0] Kernel panic - not syncing: Fatal exception\n');
  await print('[ 1.0] Kernel Offset: disabled\n');
  timers.pass(500);
  await t.rejects(wait, {
    code: 'GUEST_PANIC',
    blame: 'failed',
    fields: { what: 'the end', panic: 'Kernel panic - not syncing: Fatal exception' },
    message: /Kernel Offset: disabled$/,
  });
  await t.rejects(console.waitFor(/never/, { what: 'more', timeoutMs: 10 }), { code: 'GUEST_PANIC' });
  t.match(console.panic, 'Fatal exception');
});

t.test('the error of a panic begins with its cause, even if the trace is long', async (t) => {
  const { console, print, quit } = setUp();
  await print('driver: about to fail\nBUG: kernel NULL pointer dereference, address: 0000000000000008\n');
  for (let line = 0; line < 60; line += 1) await print(` frame_${line}+0x1/0x2\n`);
  await print('Kernel panic - not syncing: Fatal exception\n');
  quit({ shutdown: 'guest-reset' });
  const wait = console.waitFor(/never/, { what: 'the end', timeoutMs: 10 });
  await t.rejects(wait, {
    message: /about to fail\nBUG: kernel NULL pointer[\s\S]*…[\s\S]*Fatal exception$/,
  });
});

t.test('a panic that resets the machine is still a panic', async (t) => {
  const { console, print, quit } = setUp();
  const wait = console.guard(new Promise(() => {}), { what: 'an answer', timeoutMs: 60_000 });
  const exit = console.waitExit({ what: 'the end', timeoutMs: 60_000 });
  await print('Kernel panic - not syncing: Attempted to kill init!\n');
  quit({ shutdown: 'guest-reset' });
  await t.rejects(wait, { code: 'GUEST_PANIC' });
  await t.rejects(exit, { code: 'GUEST_PANIC' });
});

t.test('blames the driver if the guest ends the machine', async (t) => {
  const { console, print, quit } = setUp();
  await print('reboot: Restarting system\n');
  const wait = console.waitFor(/never/, { what: 'the end', timeoutMs: 60_000 });
  quit({ shutdown: 'guest-reset' });
  await t.rejects(wait, {
    code: 'GUEST_EXIT',
    blame: 'failed',
    message: /^the guest went down \(guest-reset\) while waiting for the end\nreboot: Restarting system$/,
  });
});

t.test('does not blame the driver if QEMU ends by itself', async (t) => {
  const { console, quit } = setUp();
  const wait = console.waitFor(/never/, { what: 'the end', timeoutMs: 60_000 });
  quit({ status: null, signal: 'SIGABRT', stderr: 'assertion failed' });
  await t.rejects(wait, {
    code: 'QEMU_EXIT',
    blame: 'broken',
    message: /^QEMU exited \(SIGABRT\) while waiting for the end\nassertion failed/,
  });
});

t.test('lines and results from before the end still count', async (t) => {
  const { console, print, quit } = setUp();
  await print('ready\nlast words');
  quit({ shutdown: 'guest-shutdown' });
  await nextTick();
  t.equal((await console.waitFor(/ready/, { what: 'ready', timeoutMs: 10 })).line.text, 'ready');
  t.equal((await console.waitFor(/words/, { what: 'words', timeoutMs: 10 })).line.text, 'last words');
  t.equal(await console.guard(Promise.resolve(7), { what: 'seven', timeoutMs: 10 }), 7);
  await t.rejects(console.waitFor(/never/, { what: 'never', timeoutMs: 10 }), { code: 'GUEST_EXIT' });
});

t.test('timeouts are longer on a busy machine', async (t) => {
  const { console, timers } = setUp();
  timers.slowdown = 3;
  const late = console.waitFor(/never/, { what: 'never', timeoutMs: 1000 });
  timers.pass(2999);
  t.equal(timers.pending, 1, 'the wait is still pending');
  timers.pass(1);
  await t.rejects(late, { code: 'GUEST_TIMEOUT', fields: { ms: 3000 } });
});

t.test('waitExit resolves with an expected end', async (t) => {
  const { console, quit, timers } = setUp();
  const exit = console.waitExit({ what: 'the reboot', timeoutMs: 1000 });
  quit({ shutdown: 'guest-reset' });
  t.match(await exit, { status: 0, shutdown: 'guest-reset' });
  t.match(await console.waitExit({ what: 'it again', timeoutMs: 1000 }), { shutdown: 'guest-reset' });
  const other = setUp();
  const late = other.console.waitExit({ what: 'the reboot', timeoutMs: 1000 });
  other.timers.pass(1000);
  await t.rejects(late, { code: 'GUEST_TIMEOUT', fields: { what: 'the reboot', ms: 1000 } });
  t.equal(timers.pending, 0);
});

t.test('waitExit rejects if neither the guest nor the harness ended the machine', async (t) => {
  for (const [how, fields] of Object.entries({
    SIGKILL: { status: null, signal: 'SIGKILL' },
    'host-signal': { shutdown: 'host-signal' },
    'status 1': { status: 1, shutdown: 'guest-reset' },
  })) {
    const { console, quit } = setUp();
    const exit = console.waitExit({ what: 'the reboot', timeoutMs: 1000 });
    quit(fields);
    await t.rejects(exit, { code: 'QEMU_EXIT', blame: 'broken', fields: { how } }, how);
  }
  for (const fields of [{ shutdown: 'host-qmp-quit' }, { status: null, signal: 'SIGKILL', killed: true }]) {
    const { console, quit } = setUp();
    quit(fields);
    t.match(await console.waitExit({ what: 'the end', timeoutMs: 1000 }), fields, 'the harness ended it');
  }
});

t.test('a failure of the host ends every wait at once', async (t) => {
  const full = new HarnessError('DISK_FULL', {
    mount: '/tmp',
    freeMB: 0,
    reason: 'full',
    variable: 'TMPDIR',
  });
  const { console, timers } = setUp({ hostFailure: Promise.resolve(full) });
  await t.rejects(console.waitExit({ what: 'the end', timeoutMs: 60_000 }), full);
  await t.rejects(console.waitFor(/never/, { what: 'never', timeoutMs: 60_000 }), full);
  t.equal(timers.pending, 0);
});
