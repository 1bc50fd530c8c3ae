import t from 'tap';
import { describeExit, endedByGuest, type QemuExit, statusOf } from './exit.js';

const exit = (fields: Partial<QemuExit>): QemuExit => ({
  status: 0,
  signal: null,
  shutdown: null,
  killed: false,
  stderr: '',
  ...fields,
});

t.test('decodes a status above 128 as the signal that ended the program inside bubblewrap', async (t) => {
  t.strictSame(statusOf(134, null), { status: null, signal: 'SIGABRT' });
  t.strictSame(statusOf(1, null), { status: 1, signal: null });
  t.strictSame(statusOf(0, null), { status: 0, signal: null });
  t.strictSame(statusOf(null, 'SIGKILL'), { status: null, signal: 'SIGKILL' });
});

t.test('the guest ended the machine only if it asked for the shutdown', async (t) => {
  t.ok(endedByGuest(exit({ shutdown: 'guest-reset' })));
  t.ok(endedByGuest(exit({ shutdown: 'guest-shutdown' })));
  t.notOk(endedByGuest(exit({ shutdown: 'host-qmp-quit' })));
  t.notOk(endedByGuest(exit({})));
  t.notOk(
    endedByGuest(exit({ shutdown: 'guest-reset', signal: 'SIGABRT', status: null })),
    'QEMU crashed during the reset',
  );
  t.notOk(endedByGuest(exit({ shutdown: 'guest-reset', killed: true })));
});

t.test('describes an exit in words', async (t) => {
  t.equal(describeExit(exit({ shutdown: 'guest-reset' })), 'guest-reset');
  t.equal(describeExit(exit({})), 'status 0');
  t.equal(describeExit(exit({ status: 1 })), 'status 1');
  t.equal(describeExit(exit({ status: null, signal: 'SIGABRT' })), 'SIGABRT');
  t.equal(describeExit(exit({ status: null, signal: 'SIGKILL', killed: true })), 'killed by the harness');
});
