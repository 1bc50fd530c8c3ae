import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found } from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';

t.test('tells an attribute without a newline from an empty one', async (t) => {
  const shows = (text: string) => ({
    reasons: [`the driver shows drift_ns as "${text}", expected one line that ends in a newline`],
  });
  t.same(found([], shows('12')), ['attribute-without-newline']);
  t.same(found([], shows('')), ['attribute-empty']);
  const bytes = (seen: string): TraceData => failed('attribute-form', 'bytes of drift_ns', 'x', seen);
  t.same(found([bytes('none')]), ['attribute-empty']);
  t.same(found([bytes('"12"')]), ['attribute-without-newline']);
  const counts = (text: string) => ({
    reasons: [`the driver shows command counts as "${text}", expected NAME count`],
  });
  t.same(found([], counts('(null) 0')), ['commands-listed-wrong']);
  const last = (seen: string): TraceData => failed('shows-commands', 'last command', 'NONE', seen);
  t.same(found([last('(null)')]), ['last-command-without-name']);
  t.same(found([last('REBOOT')]), []);
  const bytesOfLast = (seen: string): TraceData =>
    failed('attribute-form', 'bytes of last_command', '"NONE\\n"', seen);
  t.same(found([bytesOfLast('"(null)\\n"')]), ['last-command-without-name']);
  t.same(found([bytesOfLast('"REBOOT\\n"')]), []);
  t.same(found([], counts('SYNCRTC 18446744073709551615')), ['commands-counted-down']);
  t.same(found([], counts('SYNCRTC -1')), ['commands-counted-down']);
});

t.test('an attribute with a NUL byte after the newline', async (t) => {
  const shown =
    'the driver shows host_time as "1.500000\\n\\u0000", expected one line that ends in a newline';
  t.same(found([], { reasons: [shown] }), ['attribute-with-nul']);
  const bytes = failed('attribute-form', 'bytes of host_time', 'x', String.raw`"1.500000\n\\x00"`);
  t.same(found([bytes]), ['attribute-with-nul']);
});

t.test('commands that are shown as others', async (t) => {
  const last = (seen: string): TraceData => failed('shows-commands', 'last command', 'REBOOT', seen);
  t.same(found([last('reboot')]), ['last-command-under-another-name']);
  t.same(found([last('SHUTDOWN')]), [], 'it may be an earlier one');
  const counts = (seen: string): TraceData =>
    failed('shows-commands', 'commands', 'SHUTDOWN 0, REBOOT 1, SYNCRTC 2', seen);
  t.same(found([counts('SHUTDOWN 1, REBOOT 0, SYNCRTC 2')]), ['commands-counted-as-others']);
  t.same(found([counts('SHUTDOWN 0, REBOOT 1, SYNCRTC 1')]), []);
});

t.test('tells an error that is shown as nothing from one that is hidden by a value', async (t) => {
  const error = (seen: string): TraceData =>
    failed(
      'no-time-is-an-error',
      'error of drift_ns where the host does not offer the time',
      'ENODATA',
      seen,
    );
  t.same(found([error('none')]), ['error-shown-as-nothing']);
  t.same(found([error('-17')]), ['error-hidden-by-value']);
  const readings = (seen: string): TraceData =>
    failed('no-time-is-an-error', 'errors of readings', 'No such device', seen);
  t.same(found([readings('Input/output error')]), ['wrong-error']);
  t.same(found([readings('none')]), []);
  const drifts = failed('shows-drift', checkNames.differentDrifts, '50', '1');
  t.same(found([error('-17'), drifts]), ['error-hidden-by-value'], 'the sample was never filled in');
});

t.test('the fraction is dropped also in the first second of 1970', async (t) => {
  const shown = (expected: string, seen: string): TraceData =>
    failed('shows-ptp-time', 'clock_gettime at an instant', expected, seen);
  const first = shown('999999000', '0');
  t.same(found([shown('5999999000', '5000000000'), first]), ['fraction-dropped']);
  t.same(found([first]), [], 'it may show no time at all');
});

t.test('counts of commands that never arrived', async (t) => {
  const counts = (seen: string): TraceData =>
    failed('attribute-form', 'bytes of commands', '"SHUTDOWN 0\\nREBOOT 0\\nSYNCRTC 0\\n"', seen);
  const random = counts('"SHUTDOWN 6182496\\nREBOOT 64\\nSYNCRTC 0\\n"');
  const dmesg = [
    'Oops: general protection fault, probably for non-canonical address 0xf999959999999ab1: 0000 [#1]',
    'RIP: 0010:ptp_clock_unregister+0x22/0x200',
    'vmmci_ptp_unregister+0x37/0x50 [virtio_vmmci]',
  ];
  t.same(found([random], { dmesg }), ['state-not-cleared']);
  t.same(found([{ kind: 'command', name: 'REBOOT', result: 'sent' }, random]), [], 'one has arrived');
  t.same(found([counts('"SHUTDOWN 1\\nREBOOT 0\\nSYNCRTC 0\\n"')]), [], 'one count may be set elsewhere');
});

t.test('an error of a reading that took long', async (t) => {
  const reasons = [
    'in the guest, `cat drift_ns` exited with status 1: cat: read error: Connection timed out',
  ];
  const ran = (status: number): TraceData => ({ kind: 'shell', command: 'cat drift_ns', status });
  const fault = { kind: 'fault', protocol: 'vfio-user', command: 'REGION_READ' } as const;
  const late: TraceData = { ...fault, delayMs: 2200 };
  t.same(found([ran(0), late, ran(1)], { reasons }), ['slow-reading-refused']);
  t.same(found([late, ran(0), ran(1)], { reasons }), [], 'this one was fast');
  t.same(found([ran(0), late, fault, ran(1)], { reasons }), [], 'there was another fault, too');
});

t.test('a driver without bind and unbind', async (t) => {
  const reason = (text: string) => ({
    reasons: [`in the guest, \`x\` exited with status 1: sh: line 4: ${text}`],
  });
  t.same(found([], reason("can't create unbind: Permission denied")), ['cannot-be-unbound']);
  t.same(found([], reason('write error: No such device')), []);
});
