import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';

const main = join(import.meta.dirname, 'main.js');

for (const [stream, line] of [
  ['stdout', '--help'],
  ['stderr', 'no-such-command'],
] as const)
  t.test(`a closed pipe on ${stream} is not reported as an error`, async (t) => {
    // It begins when the pipe is closed.
    const child = spawn('sh', ['-c', 'read -r go; exec "$@"', 'sh', process.execPath, main, line]);
    const other = stream === 'stdout' ? child.stderr : child.stdout;
    child[stream].destroy();
    await once(child[stream], 'close');
    child.stdin.end('go\n');
    const [written, [status]] = await Promise.all([text(other), once(child, 'exit')]);
    t.equal(written, '');
    t.equal(status, 141, 'the status of SIGPIPE');
  });

t.test('a failed write of the output is a host error', async (t) => {
  const child = spawn(process.execPath, [main, '--help'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  });
  const [written, [status]] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
  t.match(written, /^vmmci: standard output cannot be written: ENOSPC: .*\[HOST\]\n$/);
  t.equal(status, 3);
});

t.test('a write of the output that was cut short is a host error', async (t) => {
  const path = join(t.testdir({}), 'out');
  // The limit, of two blocks of 512 bytes, cuts the first write short, as a disk does that is nearly full.
  const child = spawn('sh', ['-c', 'ulimit -f 2; exec "$0" "$1" completion bash', process.execPath, main], {
    stdio: ['ignore', openSync(path, 'w'), 'pipe'],
  });
  const [written, [status]] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
  t.match(written, /^vmmci: standard output cannot be written: EFBIG: .*\(ulimit -f\) \[HOST\]\n$/);
  t.equal(status, 3);
});
