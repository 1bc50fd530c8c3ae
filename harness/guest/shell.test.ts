import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import t from 'tap';
import type { QemuExit } from '../qemu/exit.js';
import { FakeTimers } from '../testing/fake-timers.js';
import { Console } from './console.js';
import { Shell } from './shell.js';

interface Request {
  nonce: string;
  mark: string;
  script: string;
}

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A shell and the guest's end of the line, which reads requests like the agent. */
const setUp = () => {
  const [near, peer] = duplexPair();
  const timers = new FakeTimers();
  let end: (exit: QemuExit) => void = () => {};
  const exit = new Promise<QemuExit>((resolve) => {
    end = resolve;
  });
  const console = new Console({ stream: new PassThrough(), exit, timers });
  let count = 0;
  const nonce = (): string => {
    count += 1;
    return `n${count}`;
  };
  const shell = new Shell({ stream: near, console, nonce });
  const requests: Request[] = [];
  let data = Buffer.alloc(0);
  peer.on('data', (chunk: Buffer) => {
    data = Buffer.concat([data, chunk]);
    for (;;) {
      const match = /^(\w+) (\d+) ([+!$?])\n/.exec(data.toString('latin1'));
      const [head = '', nonce = '', length, mark = ''] = match ?? [];
      const whole = head.length + Number(length);
      if (!match || data.length < whole) return;
      const body = data.toString('utf8', head.length, whole);
      t.match(body, /\.$/, 'a script ends in a full stop');
      requests.push({ nonce, mark, script: body.slice(0, -1) });
      data = data.subarray(whole);
    }
  });
  return { shell, peer, timers, requests, end };
};

const reply = (
  peer: Duplex,
  nonce: string,
  status: number,
  stdout: Buffer | string = '',
  stderr = '',
): void => {
  const lines = [
    `${nonce} ${status}`,
    Buffer.from(stdout).toString('base64'),
    Buffer.from(stderr).toString('base64'),
  ];
  peer.write(`${lines.join('\n')}\n${nonce} .\n`);
};

t.test('sends a program as words that each end in a zero byte, without a shell', async (t) => {
  const { shell, peer, requests } = setUp();
  const answer = shell.output(['read-files', '-f', '/proc/a b', '']);
  await nextTick();
  t.strictSame(requests, [{ nonce: 'n1', mark: '$', script: 'read-files\0-f\0/proc/a b\0\0' }]);
  reply(peer, 'n1', 0, 'content\n');
  t.equal(await answer, 'content');
  const failing = shell.output(['read-files', '/none']);
  await nextTick();
  reply(peer, 'n2', 1, '', 'read-files: /none: No such file or directory\n');
  await t.rejects(failing, { code: 'GUEST_COMMAND', message: /read-files \/none.*\n?.*No such file/s });
});

t.test('rejects more words than the agent accepts', async (t) => {
  const { shell, requests } = setUp();
  await t.rejects(shell.execute(['x'.repeat(4095)]), {
    code: 'GUEST_SHELL',
    message: /the 1 words of .* are more than the agent accepts/,
  });
  await t.rejects(shell.execute(Array.from({ length: 65 }, () => 'x')), { code: 'GUEST_SHELL' });
  t.strictSame(requests, []);
});

t.test('returns status and both outputs, with any bytes', async (t) => {
  const { shell, peer, requests } = setUp();
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 255));
  const result = shell.run("printf 'ü'\n");
  await nextTick();
  t.strictSame(requests, [{ nonce: 'n1', mark: '!', script: "printf 'ü'\n" }]);
  reply(peer, 'n1', 3, bytes, 'oh\n');
  t.strictSame(await result, { status: 3, stdout: bytes, stderr: Buffer.from('oh\n') });
});

t.test('the agent itself waits for a path', async (t) => {
  const { shell, peer, requests } = setUp();
  const there = shell.await('/sys/class/x');
  await nextTick();
  t.strictSame(requests, [{ nonce: 'n1', mark: '?', script: '/sys/class/x' }]);
  reply(peer, 'n1', 0);
  await t.resolves(there);
});

t.test('commands run one at a time, in order', async (t) => {
  const { shell, peer, requests } = setUp();
  const first = shell.run('first');
  const second = shell.run('second');
  await nextTick();
  t.equal(requests.length, 1);
  reply(peer, 'n1', 0, '1');
  t.equal(String((await first).stdout), '1');
  await nextTick();
  t.equal(requests[1]?.script, 'second');
  reply(peer, 'n2', 0, '2');
  t.equal(String((await second).stdout), '2');
});

t.test('sends a long script in parts, each when the agent asks for it', async (t) => {
  const { shell, peer, requests } = setUp();
  const script = `${'é'.repeat(20_000)}\n`;
  const result = shell.run(script);
  for (let part = 1; part <= 3; part += 1) {
    await nextTick();
    t.equal(requests.length, part);
    if (part < 3) peer.write(`n1 +\n`);
  }
  t.strictSame(
    requests.map(({ mark }) => mark),
    ['+', '+', '!'],
  );
  reply(peer, 'n1', 0);
  t.equal((await result).status, 0);
});

t.test('text() rejects a failed command', async (t) => {
  const { shell, peer } = setUp();
  const good = shell.text('uname');
  await nextTick();
  reply(peer, 'n1', 0, 'Linux\n');
  t.equal(await good, 'Linux');
  const bad = shell.text('cat /nothing');
  await nextTick();
  reply(peer, 'n2', 1, '', 'cat: no such file\n');
  await t.rejects(bad, {
    code: 'GUEST_COMMAND',
    message: 'in the guest, `cat /nothing` exited with status 1: cat: no such file',
  });
});

t.test('names a command that does not answer; the shell is then busy', async (t) => {
  const { shell, peer, timers, requests } = setUp();
  const stuck = shell.run('cat /sys/slow', { what: 'the clock', timeoutMs: 500 });
  await nextTick();
  timers.pass(500);
  await t.rejects(stuck, { code: 'GUEST_TIMEOUT', fields: { what: 'the clock', ms: 500 } });
  await t.rejects(shell.run('true'), { code: 'GUEST_SHELL', message: /still busy with `cat \/sys\/slow`/ });
  t.equal(requests.length, 1);
  reply(peer, 'n1', 0);
  await nextTick();
  const next = shell.run('true');
  await nextTick();
  reply(peer, 'n2', 0);
  t.equal((await next).status, 0, 'the shell is free after a late answer');
});

t.test('after a reset the shell is free again and greets again', async (t) => {
  const { shell, peer, timers } = setUp();
  peer.write('agent 130 6.12\n');
  await shell.ready(1000);
  const stuck = shell.run('reboot', { timeoutMs: 500 });
  await nextTick();
  timers.pass(500);
  await t.rejects(stuck, { code: 'GUEST_TIMEOUT' });
  let ready = false;
  const again = shell.ready(1000).then(() => {
    ready = true;
  });
  await nextTick();
  t.notOk(ready, 'the earlier greeting does not count again');
  peer.write('agent 130 6.12\n');
  await again;
  const next = shell.run('true');
  await nextTick();
  reply(peer, 'n2', 0);
  t.equal((await next).status, 0);
});

t.test('the end of the guest ends the command', async (t) => {
  const { shell, end } = setUp();
  const running = shell.run('reboot');
  await nextTick();
  end({ status: 0, signal: null, shutdown: 'guest-reset', killed: false, stderr: '' });
  await t.rejects(running, { code: 'GUEST_EXIT', message: /answer to `reboot`/ });
});

t.test('after the agent was killed, its command is lost but the shell works', async (t) => {
  const { shell, peer } = setUp();
  const lost = shell.run('kill -9 $$');
  await nextTick();
  peer.write('agent 99 6.12\n');
  await t.rejects(lost, {
    code: 'GUEST_SHELL',
    message: /the agent was restarted during `kill -9 \$\$`/,
  });
  const next = shell.run('true');
  await nextTick();
  reply(peer, 'n2', 0);
  t.equal((await next).status, 0);
});

t.test('rejects an unexpected line', async (t) => {
  for (const line of ['rubbish', 'n9 0', 'n1 zero', 'n1 .']) {
    const { shell, peer } = setUp();
    const result = shell.run('true');
    await nextTick();
    peer.write(`${line}\n`);
    await t.rejects(result, { code: 'GUEST_SHELL', message: new RegExp(`unexpected line "${line}"`) }, line);
  }
});

t.test('a guest that boots greets', async (t) => {
  const { shell, peer, timers } = setUp();
  const ready = shell.ready(1000);
  peer.write('agent 130 6.12\n');
  await ready;
  peer.write('agent 131 6.12\n');
  await nextTick();
  await shell.ready(1000);
  t.equal(timers.pending, 0);
  const other = setUp();
  const never = other.shell.ready(1000);
  other.timers.pass(1000);
  await t.rejects(never, { code: 'GUEST_TIMEOUT', message: /greeting from the shell on ttyS1/ });
});
