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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A shell and the guest's end of the line, which reads requests as the agent does. */
const setUp = () => {
  const [near, far] = duplexPair();
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
  far.on('data', (chunk: Buffer) => {
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
  return { shell, far, timers, requests, end };
};

const reply = (
  far: Duplex,
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
  far.write(`${lines.join('\n')}\n${nonce} .\n`);
};

t.test('a program is words, each with a zero behind it, and needs no shell', async (t) => {
  const { shell, far, requests } = setUp();
  const answer = shell.output(['read-files', '-f', '/proc/a b', '']);
  await turn();
  t.strictSame(requests, [{ nonce: 'n1', mark: '$', script: 'read-files\0-f\0/proc/a b\0\0' }]);
  reply(far, 'n1', 0, 'content\n');
  t.equal(await answer, 'content');
  const failing = shell.output(['read-files', '/none']);
  await turn();
  reply(far, 'n2', 1, '', 'read-files: /none: No such file or directory\n');
  await t.rejects(failing, { code: 'GUEST_COMMAND', message: /read-files \/none.*\n?.*No such file/s });
});

t.test('words for which the agent has no room are not sent', async (t) => {
  const { shell, requests } = setUp();
  await t.rejects(shell.execute(['x'.repeat(4095)]), {
    code: 'GUEST_SHELL',
    message: /no room for the 1 words/,
  });
  await t.rejects(shell.execute(Array.from({ length: 65 }, () => 'x')), { code: 'GUEST_SHELL' });
  t.strictSame(requests, []);
});

t.test('status and both outputs come back, whatever bytes they hold', async (t) => {
  const { shell, far, requests } = setUp();
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 255));
  const result = shell.run("printf 'ü'\n");
  await turn();
  t.strictSame(requests, [{ nonce: 'n1', mark: '!', script: "printf 'ü'\n" }]);
  reply(far, 'n1', 3, bytes, 'oh\n');
  t.strictSame(await result, { status: 3, stdout: bytes, stderr: Buffer.from('oh\n') });
});

t.test('a path is waited for by the agent itself', async (t) => {
  const { shell, far, requests } = setUp();
  const there = shell.await('/sys/class/x');
  await turn();
  t.strictSame(requests, [{ nonce: 'n1', mark: '?', script: '/sys/class/x' }]);
  reply(far, 'n1', 0);
  await t.resolves(there);
});

t.test('commands run one at a time, in order', async (t) => {
  const { shell, far, requests } = setUp();
  const first = shell.run('first');
  const second = shell.run('second');
  await turn();
  t.equal(requests.length, 1);
  reply(far, 'n1', 0, '1');
  t.equal(String((await first).stdout), '1');
  await turn();
  t.equal(requests[1]?.script, 'second');
  reply(far, 'n2', 0, '2');
  t.equal(String((await second).stdout), '2');
});

t.test('a long script goes in parts, each asked for', async (t) => {
  const { shell, far, requests } = setUp();
  const script = `${'é'.repeat(20_000)}\n`;
  const result = shell.run(script);
  for (let part = 1; part <= 3; part += 1) {
    await turn();
    t.equal(requests.length, part);
    if (part < 3) far.write(`n1 +\n`);
  }
  t.strictSame(
    requests.map(({ mark }) => mark),
    ['+', '+', '!'],
  );
  reply(far, 'n1', 0);
  t.equal((await result).status, 0);
});

t.test('text() takes nothing but success', async (t) => {
  const { shell, far } = setUp();
  const good = shell.text('uname');
  await turn();
  reply(far, 'n1', 0, 'Linux\n');
  t.equal(await good, 'Linux');
  const bad = shell.text('cat /nothing');
  await turn();
  reply(far, 'n2', 1, '', 'cat: no such file\n');
  await t.rejects(bad, {
    code: 'GUEST_COMMAND',
    message: 'in the guest, `cat /nothing` exited with status 1: cat: no such file',
  });
});

t.test('a command that never answers is named, and the shell is taken', async (t) => {
  const { shell, far, timers, requests } = setUp();
  const stuck = shell.run('cat /sys/slow', { what: 'the clock', timeoutMs: 500 });
  await turn();
  timers.pass(500);
  await t.rejects(stuck, { code: 'GUEST_TIMEOUT', fields: { what: 'the clock', ms: 500 } });
  await t.rejects(shell.run('true'), { code: 'GUEST_SHELL', message: /still busy with `cat \/sys\/slow`/ });
  t.equal(requests.length, 1);
  reply(far, 'n1', 0);
  await turn();
  const next = shell.run('true');
  await turn();
  reply(far, 'n2', 0);
  t.equal((await next).status, 0, 'a late answer sets it free');
});

t.test('after a reset the shell is free again, and greets again', async (t) => {
  const { shell, far, timers } = setUp();
  far.write('agent 130 6.12\n');
  await shell.ready(1000);
  const stuck = shell.run('reboot', { timeoutMs: 500 });
  await turn();
  timers.pass(500);
  await t.rejects(stuck, { code: 'GUEST_TIMEOUT' });
  let ready = false;
  const again = shell.ready(1000).then(() => {
    ready = true;
  });
  await turn();
  t.notOk(ready, 'the greeting before does not count again');
  far.write('agent 130 6.12\n');
  await again;
  const next = shell.run('true');
  await turn();
  reply(far, 'n2', 0);
  t.equal((await next).status, 0);
});

t.test('the guest’s end ends the command', async (t) => {
  const { shell, end } = setUp();
  const running = shell.run('reboot');
  await turn();
  end({ status: 0, signal: null, shutdown: 'guest-reset', killed: false, stderr: '' });
  await t.rejects(running, { code: 'GUEST_EXIT', message: /answer to `reboot`/ });
});

t.test('an agent that was killed starts again; the command it ran is lost, the shell is not', async (t) => {
  const { shell, far } = setUp();
  const lost = shell.run('kill -9 $$');
  await turn();
  far.write('agent 99 6.12\n');
  await t.rejects(lost, {
    code: 'GUEST_SHELL',
    message: /its agent was started again during `kill -9 \$\$`/,
  });
  const next = shell.run('true');
  await turn();
  reply(far, 'n2', 0);
  t.equal((await next).status, 0);
});

t.test('a line that belongs to nothing is an error, not an answer', async (t) => {
  for (const line of ['rubbish', 'n9 0', 'n1 zero', 'n1 .']) {
    const { shell, far } = setUp();
    const result = shell.run('true');
    await turn();
    far.write(`${line}\n`);
    await t.rejects(result, { code: 'GUEST_SHELL', message: new RegExp(`unexpected line "${line}"`) }, line);
  }
});

t.test('a guest that boots greets', async (t) => {
  const { shell, far, timers } = setUp();
  const ready = shell.ready(1000);
  far.write('agent 130 6.12\n');
  await ready;
  far.write('agent 131 6.12\n');
  await turn();
  await shell.ready(1000);
  t.equal(timers.pending, 0);
  const other = setUp();
  const never = other.shell.ready(1000);
  other.timers.pass(1000);
  await t.rejects(never, { code: 'GUEST_TIMEOUT', message: /greeting from the shell on ttyS1/ });
});
