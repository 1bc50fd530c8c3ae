// Random and hostile answers to a front-end.

import fc from 'fast-check';
import t from 'tap';
import { codeOf } from '../base/errors.js';
import { closeFd, eventFd } from '../socket/descriptor.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { socketPair } from '../testing/socket-pair.js';
import { data, makeDevice, slow } from '../testing/vhost-user-messages.js';
import { BackendSession } from './backend.js';
import { encodeFrame, readFrame } from './frame.js';
import { startFrontEnd } from './front-end.js';
import { requestName, requests } from './requests.js';

// Upper bound, so that a hang is still detected, however many messages the environment asks for.
t.setTimeout(300_000);

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

const ignoreClosed = (error: unknown): void => {
  if (codeOf(error) !== 'SOCKET_CLOSED') throw error; // what was spoilt may end the connection
};

type Mischief = (reply: Buffer) => { bytes: Buffer; fds?: boolean; close?: boolean };

const mischief: fc.Arbitrary<Mischief> = fc.oneof(
  fc.tuple(fc.nat(40), fc.nat(255)).map<Mischief>(([at, value]) => (reply) => {
    const bytes = Buffer.from(reply);
    if (at < bytes.length) bytes[at] = value;
    return { bytes };
  }),
  fc.nat(40).map<Mischief>((length) => (reply) => ({ bytes: reply.subarray(0, length), close: true })),
  data.map<Mischief>((more) => (reply) => ({ bytes: Buffer.concat([reply, more]) })),
  fc.constant<Mischief>((reply) => ({ bytes: Buffer.concat([reply, reply]) })),
  fc.constant<Mischief>((reply) => ({ bytes: reply, fds: true })),
);

t.test('a front-end accepts or refuses any answer of a backend, and leaks no descriptor', async (t) => {
  const event = eventFd();
  const before = openDescriptors();
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(9), mischief, async (when, spoil) => {
      const [ours, theirs] = socketPair();
      const [inner, backendEnd] = socketPair();
      const done = new BackendSession(backendEnd, makeDevice()).run();
      /** The number of the last answered request. */
      let heard = -1;
      // Forwards requests and answers between the two, and corrupts one answer.
      const middle = (async () => {
        for (
          let frame = await readFrame(theirs), count = 0;
          frame;
          frame = await readFrame(theirs), count++
        ) {
          const { request, payload, needReply, fds } = frame;
          await inner.write(encodeFrame(request, payload, { needReply }), fds);
          for (const fd of fds) closeFd(fd);
          const name = requestName(request);
          if (!needReply && !(name && 'reply' in requests[name])) continue;
          const answer = await readFrame(inner);
          if (answer === null) throw new Error('the backend left');
          const right = encodeFrame(answer.request, answer.payload, { reply: true });
          const given = count === when ? spoil(right) : { bytes: right };
          await theirs.write(given.bytes, given.fds ? [event] : []);
          if (given.close) theirs.close();
          heard = count;
          // A front-end that expects more bytes waits for them, so the connection is closed instead.
          if (count === when) void turns(50).then(() => heard === count && theirs.close());
        }
      })().catch(ignoreClosed);
      try {
        const frontEnd = await startFrontEnd(ours);
        await frontEnd.setFeatures(7n);
        await frontEnd.setStatus(7);
        await frontEnd.getConfig(4, 4);
        await frontEnd.getConfig(5, 1);
        whole += 1;
        frontEnd.close();
      } catch (error) {
        if (!['PROTOCOL', 'SOCKET_CLOSED'].includes(String(codeOf(error)))) throw error;
        ours.close();
      }
      await middle;
      theirs.close();
      inner.close();
      await done;
      await turns(4);
      if (openDescriptors() !== before) throw new Error('a descriptor is left open');
    }),
    slow,
  );
  t.ok(whole > 0 && whole < slow.numRuns, `${whole} of ${slow.numRuns} noticed nothing`);
  closeFd(event);
});
