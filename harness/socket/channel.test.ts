import t from 'tap';
import { codeOf } from '../base/errors.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { socketPair } from '../testing/socket-pair.js';
import { closeFd, eventFd, isEventFd, isSocket, signalEventFd, withdrawEventFd } from './descriptor.js';

t.test('two messages in one stream keep their own descriptors', async (t) => {
  const [left, right] = socketPair();
  const trigger = eventFd();
  await left.write(Buffer.from('first'));
  await left.write(Buffer.from('second'), [trigger]);
  const first = await right.read(5);
  const second = await right.read(6);
  t.equal(first?.data.toString(), 'first');
  t.same(first?.fds, [], 'the first message does not get the descriptor of the second');
  t.equal(second?.data.toString(), 'second');
  t.equal(second?.fds.length, 1);
  for (const fd of second?.fds ?? []) {
    t.ok(isEventFd(fd));
    t.notOk(isSocket(fd));
    t.ok(signalEventFd(fd));
    closeFd(fd);
  }
  closeFd(trigger);
  left.close();
  right.close();
});

t.test('signals that the peer has not read can be taken back', async (t) => {
  const fd = eventFd();
  t.notOk(withdrawEventFd(fd), 'there is none');
  signalEventFd(fd);
  signalEventFd(fd);
  t.ok(withdrawEventFd(fd));
  t.notOk(withdrawEventFd(fd), 'both were taken back');
  closeFd(fd);
});

t.test('a read returns exactly the requested bytes, however they arrive', async (t) => {
  const [left, right] = socketPair();
  const reading = right.read(6);
  for (const byte of Buffer.from('abcdef')) await left.write(Buffer.from([byte]));
  t.equal((await reading)?.data.toString(), 'abcdef');
  left.close();
  t.equal(await right.read(1), null, 'the end of the stream before the first byte is not an error');
  right.close();
});

t.test('the end of the stream within a read is an error and closes received descriptors', async (t) => {
  const before = openDescriptors();
  const [left, right] = socketPair();
  const trigger = eventFd();
  await left.write(Buffer.from('abc'), [trigger]);
  left.close();
  const error = await right.read(6).catch((cause: unknown) => cause);
  t.equal(codeOf(error), 'SOCKET_CLOSED');
  t.match(error, { message: /after 3 of 6 bytes/ });
  right.close();
  closeFd(trigger);
  t.equal(openDescriptors(), before);
});

t.test(
  'all messages of a peer that left without reading the answer are read, and then its end',
  async (t) => {
    const [left, right] = socketPair();
    for (const message of ['one', 'two', 'end']) await left.write(Buffer.from(message));
    await right.write(Buffer.from('answer'));
    // Linux now reports an error of the connection (ECONNRESET) besides the data that is left.
    left.close();
    for (const message of ['one', 'two', 'end'])
      t.equal((await right.readMessage(3, () => 0))?.header.toString(), message);
    t.equal(await right.readMessage(3, () => 0), null);
    right.close();
  },
);

t.test('a write waits until the peer reads, and writes keep their order', async (t) => {
  const [left, right] = socketPair();
  const big = Buffer.alloc(4 << 20, 1);
  let done = false;
  const writing = left.write(big).then(() => {
    done = true;
  });
  const last = left.write(Buffer.from([2]));
  await new Promise(setImmediate);
  t.notOk(done, 'the kernel did not take 4 MiB at once');
  const received = await right.read(big.length + 1);
  await Promise.all([writing, last]);
  t.equal(received?.data.at(-2), 1);
  t.equal(received?.data.at(-1), 2);
  left.close();
  right.close();
});

t.test('closing rejects pending reads and writes', async (t) => {
  const [left, right] = socketPair();
  const reading = left.read(1);
  const writing = left.write(Buffer.alloc(4 << 20));
  left.close();
  left.close();
  t.equal(await reading, null);
  t.equal(codeOf(await writing.catch((cause: unknown) => cause)), 'SOCKET_CLOSED');
  await left.closed;
  t.equal(codeOf(await right.write(Buffer.from('x')).catch((cause: unknown) => cause)), 'SOCKET_CLOSED');
  right.close();
});

t.test('too many descriptors are refused without a leak', async (t) => {
  const before = openDescriptors();
  const [left, right] = socketPair();
  const trigger = eventFd();
  await left.write(Buffer.from('x'), Array(16).fill(trigger));
  const full = await right.read(1);
  t.equal(full?.fds.length, 16);
  for (const fd of full?.fds ?? []) closeFd(fd);
  await t.rejects(left.write(Buffer.from('x'), Array(17).fill(trigger)), { name: 'RangeError' });
  // Bytes of one message that arrive separately, each with descriptors, could fill the table of the process.
  await left.write(Buffer.from('x'), Array(16).fill(trigger));
  await left.write(Buffer.from('y'), [trigger]);
  await t.rejects(right.read(2), { code: 'SOCKET_IO', message: /too many descriptors/ });
  closeFd(trigger);
  left.close();
  right.close();
  t.equal(openDescriptors(), before);
});
