import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { explainHost, Judgement } from './judgement.js';

const record = () => {
  const lines: string[] = [];
  const extras: Record<string, unknown>[] = [];
  const reporter = {
    pass: (line: string, { skip }: { skip: string }) => lines.push(`ok ${line} # ${skip}`),
    fail: (line: string, extra: Record<string, unknown>) => {
      extras.push(extra);
      return lines.push(`not ok ${line}`);
    },
  };
  return { lines, extras, judgement: new Judgement(reporter, 'a-scenario', '/proc') };
};

const lacks = new HarnessError('DRIVER_LACKS', { driver: 'x', what: 'the time' });

t.test('takes the worst verdict and keeps each reason for it', async (t) => {
  const { judgement, lines } = record();
  await judgement.attempt(() => {
    throw lacks;
  });
  t.equal(judgement.verdict, 'skipped');
  judgement.checkFailed('acknowledges', 'a check');
  t.equal(judgement.verdict, 'failed');
  await judgement.attempt(async () => {
    throw new Error('a defect');
  });
  await judgement.attempt(() => 'all is well');
  t.equal(judgement.verdict, 'broken');
  t.strictSame(judgement.reasons, ['a check', 'BROKEN, not the driver: a defect']);
  await judgement.attempt(() => {
    throw lacks;
  });
  t.equal(judgement.reasons.length, 2, 'a skipped step is not a reason for a failure');
  t.strictSame(lines, [
    `ok a-scenario # ${lacks.message}`,
    'not ok BROKEN, not the driver: a defect',
    `ok a-scenario # ${lacks.message}`,
  ]);
});

t.test('shows a stack only for an unexpected error', async (t) => {
  const { judgement, lines, extras } = record();
  await judgement.attempt(() => {
    throw new HarnessError('GUEST_HANG', { what: 'answer', ms: 48_200, state: 'CPU 0 idle', lines: 'a\nb' });
  });
  t.strictSame(lines, ['not ok no answer within 48.2 s; CPU 0 idle']);
  t.strictSame(extras, [{ lines: ['a', 'b'], at: null, stack: '' }]);
  await judgement.attempt(() => {
    throw new TypeError('a defect');
  });
  t.match(extras[1], { found: /TypeError: a defect\n +at / });
  await judgement.attempt(() => {
    throw Object.assign(new Error("EEXIST: file already exists, mkdir '/x'"), { code: 'EEXIST' });
  });
  t.match(lines.at(-1), /^not ok BROKEN, not the driver: EEXIST: .* '\/x'; use another path, or remove/);
  t.strictSame(extras[2], { at: null, stack: '' });
});

t.test('names a full file system, whichever program ran into it', async (t) => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const error = await explainHost(full, '/proc');
  t.match(error, { code: 'DISK_FULL', fields: { mount: '/proc', variable: 'VMMCI_RUN', freeMB: 0 } });
  const fields = { what: 'the boot', stderr: '', lines: '' };
  const bus = new HarnessError(
    'GUEST_BOOT',
    { reason: '' },
    new HarnessError('QEMU_EXIT', { ...fields, how: 'SIGBUS' }),
  );
  t.match(await explainHost(bus, '/proc'), { code: 'DISK_FULL' });
  const killed = new HarnessError('QEMU_EXIT', { ...fields, how: 'SIGKILL' });
  t.equal(await explainHost(killed, '/proc'), killed);
  const guests = new HarnessError('GUEST_COMMAND', {
    command: 'cp',
    status: 1,
    stderr: 'No space left on device',
  });
  t.equal(
    await explainHost(guests, '/proc'),
    guests,
    'a full file system of the guest is not a full file system of the host',
  );
});

t.test('does not blame the driver for a failed check of the device', async (t) => {
  const { judgement } = record();
  judgement.checkFailed('device', 'sysfs class: expected 078000, seen none');
  t.equal(judgement.verdict, 'broken');
});

t.test('does not count checks of the driver’s own scenarios as unmet requirements', async (t) => {
  const { judgement } = record();
  judgement.checkFailed('driver', 'host_time: expected 1, seen 2');
  t.equal(judgement.verdict, 'failed');
  t.strictSame(judgement.reasons, ['host_time: expected 1, seen 2']);
  t.strictSame(judgement.unmet, []);
});

t.test('counts a requirement as unmet whose violation ended the scenario before a check', async (t) => {
  const { judgement } = record();
  judgement.checkFailed('acknowledges', 'acknowledgements: expected none, seen REBOOT');
  judgement.explain([{ id: 'isr-never-read' }], 'must');
  const before = [{ requirement: 'acknowledges', check: 'acknowledgements: expected none, seen REBOOT' }];
  t.strictSame(judgement.unmet, before, 'each reason is a check');
  const fields = { count: 300, what: 'interrupts', but: ', without a read of the ISR', ms: 3, rate: 9 };
  await judgement.attempt(() => {
    throw new HarnessError('GUEST_LIVELOCK', fields);
  });
  judgement.explain([{ id: 'isr-never-read' }, { id: 'virtio-alias-missing' }], 'must');
  t.match(judgement.unmet, [...before, { requirement: 'reads-isr', check: /^livelock: 300 interrupts/ }]);
});
