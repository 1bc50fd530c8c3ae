import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';

t.test('a reader that has enough is no error to tell of', async (t) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.js'), '--help'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  t.equal(said, '');
  t.equal(status, 141, 'as SIGPIPE would end it');
});
