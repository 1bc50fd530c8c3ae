import t from 'tap';
import { HarnessError } from '../errors.js';
import { verdictOf, worse } from './result.js';

t.test('only an error that blames the driver is the driver’s', async (t) => {
  t.equal(verdictOf(new HarnessError('GUEST_PANIC', {})), 'failed');
  t.equal(verdictOf(new HarnessError('QEMU_EXIT', {})), 'broken');
  t.equal(verdictOf(new TypeError('a defect of ours')), 'broken');
});

t.test('a broken harness outweighs a failed driver, and nothing outweighs it', async (t) => {
  t.equal(worse('failed', 'broken'), 'broken');
  t.equal(worse('broken', 'failed'), 'broken');
  t.equal(worse('passed', 'failed'), 'failed');
  t.equal(worse('passed', 'passed'), 'passed');
});
