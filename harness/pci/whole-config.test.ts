import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect } from '../socket/connect.js';
import { closeFd, signalEventFd } from '../socket/descriptor.js';
import { listen } from '../socket/listen.js';
import { privateDirectory } from '../socket/private-directory.js';
import { encodeFrame, readFrame } from '../vhost-user/frame.js';
import { startFrontEnd } from '../vhost-user/front-end.js';
import { u64 } from '../vhost-user/payload.js';
import { requestName } from '../vhost-user/requests.js';
import { generations } from '../vmmci/generations.js';
import { PciFunction } from './function.js';

/** The bits that the backends of this test offer: of vhost-user and of vmmci; REPLY_ACK and CONFIG. */
const features = (1n << 30n) | 7n;
const protocolFeatures = (1n << 3n) | (1n << 9n);

/**
 * A backend that uses the offset of GET_CONFIG or, like libvhost-user, ignores it. Its clock advances by a
 * second at each read.
 */
const backend = async (t: Test, heeds: boolean, seconds = 0x5c7a1b2d) => {
  const directory = privateDirectory();
  const asked: string[] = [];
  let now = seconds;
  const space = (): Buffer => {
    const words = Buffer.alloc(256);
    [2, now, 0, now % 1000, 0].forEach((value, at) => void words.writeUInt32LE(value, 4 * at));
    now += 1;
    return words;
  };
  const listener = await listen(join(directory.path, 'backend.sock'), async (channel) => {
    for (let frame = await readFrame(channel); frame; frame = await readFrame(channel)) {
      const { request, payload, needReply } = frame;
      const name = requestName(request);
      let reply: Buffer | undefined = needReply ? u64(0n) : undefined;
      if (name === 'GET_FEATURES') reply = u64(features);
      if (name === 'GET_PROTOCOL_FEATURES') reply = u64(protocolFeatures);
      if (name === 'GET_CONFIG') {
        const [offset, size] = [payload.readUInt32LE(0), payload.readUInt32LE(4)];
        asked.push(`${offset} ${size}`);
        const from = heeds ? offset : 0;
        reply = Buffer.concat([payload.subarray(0, 12), space().subarray(from, from + size)]);
      }
      if (reply) await channel.write(encodeFrame(request, reply, { reply: true }));
    }
  });
  const warnings: string[] = [];
  const pci = new PciFunction({
    generation: generations['8.0'],
    eventfds: { signal: signalEventFd, close: closeFd },
    warn: (message) => warnings.push(message),
  });
  await pci.attach(await startFrontEnd(await connect(listener.path)));
  t.teardown(() => {
    pci.detach();
    listener.close();
    directory.remove();
  });
  const read = async (offset: number, width: number) =>
    (await pci.read(0, 20 + offset, width)).readUIntLE(0, width);
  return { pci, read, asked, warnings };
};

t.test('a backend that ignores the offset is detected and supported', async (t) => {
  const { pci, read, asked, warnings } = await backend(t, false);
  t.match(warnings, [/ignores the offset of GET_CONFIG/]);
  asked.length = 0;
  t.equal(await read(12, 4), 0, 'there is no sample yet');
  const seconds = await read(4, 4);
  t.equal(seconds, 0x5c7a1b2d + 2, 'the probe made two reads');
  t.equal(await read(0, 4), 2, 'the command');
  t.same(
    [await read(8, 4), await read(12, 4), await read(16, 4)],
    [0, seconds % 1000, 0],
    'all from one sample',
  );
  t.equal(await read(4, 1), (seconds + 2) & 0xff, 'narrow reads are truncated');
  t.equal(await read(5, 1), (seconds + 2) & 0xff, 'no register starts there: the last value is repeated');
  t.same(asked, ['0 20', '0 20', '0 20']);
  await pci.reset();
  t.equal(await read(12, 4), 0, 'a reset drops the sample');
});

t.test('a backend that uses the offset gets the reads of the guest', async (t) => {
  const { read, asked, warnings } = await backend(t, true);
  t.same(warnings, []);
  t.same(asked, ['0 20', '4 4'], 'the look');
  t.equal(await read(4, 4), 0x5c7a1b2d + 2);
  t.equal(await read(8, 4), 0);
  t.same(asked.slice(2), ['4 4', '8 4']);
});

t.test('if both reads are equal, the backend is trusted', async (t) => {
  const { warnings } = await backend(t, false, 2);
  t.same(warnings, []);
});
