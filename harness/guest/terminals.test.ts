import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FakeTerminalProgram, terminalGreeting } from '../testing/fake-terminal-program.js';
import { slotCount, slotSize } from './output-slots.js';
import { fieldsContent, maxContent, maxSessions } from './terminal-frames.js';
import { type SessionOptions, Terminals } from './terminals.js';

const setUp = () => {
  const program = new FakeTerminalProgram();
  let leave = (_: string): void => {};
  const gone = new Promise<string>((resolve) => {
    leave = resolve;
  });
  return { program, leave, terminals: new Terminals({ stream: program.stream, gone }) };
};

/** A session with pipes. `output` collects what it prints, standard error in brackets. */
const pipes = (command: string) => {
  const printed: string[] = [];
  const options: SessionOptions = {
    directory: '/d',
    command,
    onOutput: (bytes, from) =>
      void printed.push(from === 'error' ? `[${bytes.toString('latin1')}]` : bytes.toString('latin1')),
  };
  return { options, printed };
};

t.test('a command: its fields, its output, its status', async (t) => {
  const { program, terminals } = setUp();
  const { options, printed } = pipes('ls');
  const session = terminals.open(options);
  t.equal(await program.next(), 'o0 p|0|0||/d|ls|');
  program.send('O', 0, 'a\xff\0');
  program.send('E', 0, 'b');
  program.send('O', 3, 'of a session that is over');
  program.send('X', 0, '255');
  t.equal(await session.end, 255);
  t.strictSame(printed, ['a\xff\0', '[b]']);
});

t.test('a terminal: size, kind, signals, hang-up; nothing is sent when it is over', async (t) => {
  const { program, terminals } = setUp();
  const session = terminals.open({ ...pipes('').options, window: { rows: 0, columns: 0 }, term: 'xterm' });
  t.equal(await program.next(), 'o0 t|0|0|xterm|/d||');
  session.resize({ rows: 33, columns: 111 });
  t.equal(await program.next(), 'w0 33|111|');
  session.signal(15);
  t.equal(await program.next(), 'k0 15|');
  session.hangUp();
  t.equal(await program.next(), 'c0 ');
  program.send('X', 0, '129');
  t.equal(await session.end, 129);
  session.resize({ rows: 1, columns: 1 });
  session.signal(9);
  session.hangUp();
  await session.write(Buffer.from('x'));
  await session.endInput();
  terminals.open(pipes('next').options);
  t.equal(
    await program.next(),
    'o0 p|0|0||/d|next|',
    'the next frame is of the next session, in the free place',
  );
});

/** The content of a frame with these fields. */
const fields = (...texts: string[]): string => fieldsContent(texts).toString('latin1');

t.test('large outputs come from slots at the end of a disk, in order with the others', async (t) => {
  const image = join(t.testdir({}), 'disk');
  const disk = Buffer.alloc(slotCount * slotSize + 512);
  disk.write(`${'a'.repeat(maxContent)}bc`, 512 + 3 * slotSize);
  writeFileSync(image, disk);
  const setUpWithDisk = () => {
    const program = new FakeTerminalProgram();
    const gone = new Promise<string>(() => {});
    const terminals = new Terminals({ stream: program.stream, gone, disk: { device: '/dev/d', image } });
    return { program, terminals };
  };
  const { program, terminals } = setUpWithDisk();
  const { options, printed } = pipes('dmesg');
  const session = terminals.open(options);
  t.equal(await program.next(), 'o0 p|0|0||/d|dmesg|/dev/d|');
  program.send('O', 0, '1');
  program.send('L', 0, fields('E', '3', String(maxContent + 2)));
  t.equal(await program.next(), 'f0 3|');
  program.send('L', 5, fields('O', '0', '1'));
  t.equal(await program.next(), 'f5 0|', 'the slot of a session that is over is freed');
  program.send('O', 0, '2');
  program.send('X', 0, '0');
  t.equal(await session.end, 0);
  t.strictSame(printed, ['1', `[${'a'.repeat(maxContent)}]`, '[bc]', '2'], 'parts of maxContent');

  for (const wrong of [['X', '3', '1'], ['O', '16', '1'], ['O', '1', '65537'], ['O', '1', '0'], ['O'], []]) {
    const { program, terminals } = setUpWithDisk();
    const session = terminals.open(pipes('x').options);
    program.send('L', 0, fields(...wrong));
    const reason = /^invalid output on disk/;
    await t.rejects(session.end, { code: 'TERMINAL', fields: { reason } }, wrong.join(' '));
  }
});

t.test('output on a disk that was not offered is refused', async (t) => {
  const { program, terminals } = setUp();
  const session = terminals.open(pipes('x').options);
  await program.next();
  program.send('L', 0, fields('O', '0', '1'));
  await t.rejects(session.end, { code: 'TERMINAL', fields: { reason: /not offered/ } });
});

t.test('output is held back until every hold has ended', async (t) => {
  const { program, terminals } = setUp();
  const { options, printed } = pipes('yes');
  const session = terminals.open(options);
  await program.next();
  const releases = [session.hold(), session.hold()];
  t.equal(await program.next(), 'h0 ');
  program.send('O', 0, 'on its way');
  for (const release of [releases[0], releases[0], releases[1]]) release?.();
  t.equal(await program.next(), 'r0 ', 'one frame for both');
  session.hold();
  t.equal(await program.next(), 'h0 ', 'a release counts once');
  program.send('X', 0, '0');
  await session.end;
  t.strictSame(printed, ['on its way']);
});

t.test('input goes in parts, each after the one before was taken, then its end', async (t) => {
  const { program, terminals } = setUp();
  const session = terminals.open(pipes('cat').options);
  await program.next();
  const parts = ['a'.repeat(maxContent), 'b'];
  const written = session.write(Buffer.from(parts.join('')));
  const ended = session.endInput();
  for (const part of parts) {
    t.equal(await program.next(), `i0 ${part}`);
    program.send('A', 0);
  }
  await written;
  t.equal(await program.next(), 'i0 ');
  await ended;
});

t.test('input that nobody takes any more is given up when the command ends', async (t) => {
  const { program, terminals } = setUp();
  const session = terminals.open(pipes('head -1').options);
  const written = session.write(Buffer.alloc(3 * maxContent));
  await program.next();
  await program.next();
  program.send('X', 0, '0');
  t.equal(await session.end, 0);
  await written;
});

t.test('there are so many sessions and no more', async (t) => {
  const { terminals } = setUp();
  for (let count = 0; count < maxSessions; count += 1) terminals.open(pipes('x').options);
  t.throws(() => terminals.open(pipes('x').options), {
    code: 'TERMINAL',
    fields: { reason: '16 sessions are already open' },
  });
});

t.test('what the guest could not do is the error', async (t) => {
  const { program, terminals } = setUp();
  const session = terminals.open(pipes('x').options);
  program.send('X', 0, '!fork: No memory');
  await t.rejects(session.end, { code: 'TERMINAL', fields: { reason: 'fork: No memory' } });
});

t.test('all sessions end with the guest, and no new one begins', async (t) => {
  const { terminals, leave } = setUp();
  const session = terminals.open(pipes('x').options);
  const written = session.write(Buffer.from('x'));
  leave('QEMU has ended');
  await t.rejects(session.end, { code: 'TERMINAL', fields: { reason: 'QEMU has ended' } });
  await written;
  t.throws(() => terminals.open(pipes('x').options), {
    code: 'TERMINAL',
    fields: { reason: 'QEMU has ended' },
  });
});

t.test('after a reset, rests of frames are ignored until the program greets', async (t) => {
  const { program, terminals } = setUp();
  const before = terminals.open(pipes('x').options);
  await program.next();
  program.sendBytes(Buffer.from([0x4f, 0, 0, 9, 0x61]));
  terminals.reset();
  await t.rejects(before.end, { code: 'TERMINAL', fields: { reason: 'the guest was reset' } });
  const greeted = once(program.stream, 'data');
  program.send('g', 0, terminalGreeting);
  await greeted;
  const { options, printed } = pipes('y');
  const after = terminals.open(options);
  program.send('O', 0, 'new');
  program.send('X', 0, '0');
  t.equal(await after.end, 0);
  t.strictSame(printed, ['new']);
});

t.test('bytes that are not a frame end all sessions, and so does a second greeting', async (t) => {
  const { program, terminals } = setUp();
  const first = terminals.open(pipes('x').options);
  program.sendBytes('!!!!');
  await t.rejects(first.end, { code: 'TERMINAL', fields: { reason: /21212121/ } });
  const greeted = once(program.stream, 'data');
  program.send('g', 0, terminalGreeting);
  await greeted;
  const second = terminals.open(pipes('y').options);
  program.send('g', 0, terminalGreeting);
  await t.rejects(second.end, { code: 'TERMINAL', fields: { reason: 'its program has restarted' } });
});
