import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { verdictOf, worse } from './verdict.js';

t.test('the verdict of an error follows from its blame', async (t) => {
  t.equal(verdictOf(new HarnessError('DRIVER_READ', { what: 'w', got: 'g', expected: 'e' })), 'failed');
  t.equal(
    verdictOf(new HarnessError('DRIVER_BUILD', { directory: 'd', release: 'r', reason: 'w', log: 'l' })),
    'failed',
  );
  t.equal(verdictOf(new HarnessError('QEMU_EXIT', { how: 'h', what: 'w', stderr: '', lines: '' })), 'broken');
  t.equal(verdictOf(new HarnessError('SOCKET_IN_USE', { path: 'p' })), 'broken');
  t.equal(verdictOf(new Error('unexpected')), 'broken');
  t.equal(verdictOf(new HarnessError('DRIVER_LACKS', { driver: 'd', what: 'w' })), 'skipped');
});

t.test('a check that failed before a scenario was skipped still counts', async (t) => {
  t.equal(worse('failed', 'skipped'), 'failed');
  t.equal(worse('passed', 'skipped'), 'skipped');
  t.equal(worse('broken', 'failed'), 'broken');
});
