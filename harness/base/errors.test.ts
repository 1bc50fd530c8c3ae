import t from 'tap';
import { codeOf, HarnessError, hasCode } from './errors.js';

t.test('the message is made of the fields, which stay readable', async (t) => {
  const error = new HarnessError('QMP_TIMEOUT', { what: 'greeting', ms: 1500 });
  t.match(error, { message: 'QMP: no greeting within 1500 ms', code: 'QMP_TIMEOUT', blame: 'broken' });
  t.equal(error.fields.ms, 1500);
  t.notOk('cause' in error);
  const cause = new Error('why');
  t.equal(new HarnessError('SOCKET_IN_USE', { path: '/p' }, cause).cause, cause);
});

t.test('a detail is kept and not shown', async (t) => {
  const error = new HarnessError('PROTOCOL', { protocol: 'vfio-user', reason: 'no such region', errno: 22 });
  t.equal(error.message, 'vfio-user: no such region');
  t.equal(error.fields.errno, 22);
});

t.test('the compiler wants each field of the message and no other', async (t) => {
  // @ts-expect-error: `ms` is missing
  t.ok(new HarnessError('QMP_TIMEOUT', { what: 'greeting' }));
  // @ts-expect-error: the message has no `path`
  t.ok(new HarnessError('QMP_TIMEOUT', { what: 'greeting', ms: 1, path: '/p' }));
  // @ts-expect-error: a field must have a value
  t.ok(new HarnessError('SOCKET_IN_USE', { path: undefined }));
});

t.test('the code of an error', async (t) => {
  const error: unknown = new HarnessError('SOCKET_IO', { call: 'connect', path: '/p', errno: 'ENOENT' });
  t.equal(codeOf(error), 'SOCKET_IO');
  t.equal(codeOf(new Error('a defect')), undefined);
  t.ok(hasCode(error, 'SOCKET_IO') && error.fields.call === 'connect');
  t.notOk(hasCode(error, 'SOCKET_IN_USE'));
});
