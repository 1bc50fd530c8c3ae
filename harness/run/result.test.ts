import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { verdictOf, worse } from './result.js';

t.test('whose fault an error is', async (t) => {
  t.equal(verdictOf(new HarnessError('DRIVER_READ')), 'failed');
  t.equal(verdictOf(new HarnessError('DRIVER_BUILD')), 'failed');
  t.equal(verdictOf(new HarnessError('QEMU_EXIT')), 'broken');
  t.equal(verdictOf(new HarnessError('USAGE')), 'broken');
  t.equal(verdictOf(new Error('a defect')), 'broken');
  t.equal(verdictOf(new HarnessError('DRIVER_LACKS', { driver: 'd', what: 'w' })), 'skipped');
});

t.test('a check that failed before a scenario was skipped still counts', async (t) => {
  t.equal(worse('failed', 'skipped'), 'failed');
  t.equal(worse('passed', 'skipped'), 'skipped');
  t.equal(worse('broken', 'failed'), 'broken');
});
