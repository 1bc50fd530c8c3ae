import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { readInput, readNamedInput } from './read-input.js';
import { temporaryDirectory } from './temporary-directory.js';

t.test('only regular files are read', async (t) => {
  const directory = t.testdir({ file: 'text', link: t.fixture('symlink', 'file') });
  for (const name of ['file', 'link']) {
    t.equal(await readInput(join(directory, name)), 'text');
    t.equal(readNamedInput(join(directory, name)), 'text');
  }
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  await t.rejects(readInput(fifo), { message: `${fifo} is a FIFO, expected a regular file` });
  await t.rejects(readInput('/dev/zero'), { message: '/dev/zero is a device, expected a regular file' });
  t.throws(() => readNamedInput('/dev/zero'), { message: '/dev/zero is a device, expected a regular file' });
  await t.rejects(readInput(directory), { code: 'EISDIR' });
  await t.rejects(readInput(join(directory, 'none')), { code: 'ENOENT' });
});

t.test('a socket is not read', async (t) => {
  const { path: directory, remove } = temporaryDirectory();
  t.teardown(remove);
  const path = join(directory, 'socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  await t.rejects(readInput(path), { message: `${path} is a socket, expected a regular file` });
});

t.test('a file that the command line names may come through a FIFO', async (t) => {
  const module = JSON.stringify(new URL('read-input.js', import.meta.url).href);
  const source = `import { readNamedInput } from ${module}; process.stdout.write(readNamedInput(process.argv[1]))`;
  const command = `"$0" --input-type=module --eval "$1" <(echo piped)`;
  t.equal(execFileSync('bash', ['-c', command, process.execPath, source], { encoding: 'utf8' }), 'piped\n');
});
