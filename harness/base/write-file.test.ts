import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createFile, replaceFile } from './write-file.js';

t.test('a file is replaced through a link, and keeps its mode', async (t) => {
  const directory = t.testdir({ real: 'old' });
  const [real, link] = [join(directory, 'real'), join(directory, 'link')];
  chmodSync(real, 0o640);
  symlinkSync('real', link);
  await replaceFile(link, 'new');
  t.equal(readFileSync(real, 'utf8'), 'new');
  t.equal(statSync(real).mode & 0o777, 0o640);
  t.ok(lstatSync(link).isSymbolicLink());
  await replaceFile(join(directory, 'fresh'), 'text');
  t.strictSame(readdirSync(directory).sort(), ['fresh', 'link', 'real']);
});

t.test('what is no regular file is written directly, and an error names the path', async (t) => {
  await t.rejects(replaceFile('/dev/full', 'text'), {
    code: 'HOST',
    message: /^cannot write \/dev\/full: ENOSPC: no space left on device, write; free some space/,
  });
});

t.test('createFile keeps an existing file', async (t) => {
  const path = join(t.testdir({ file: 'precious' }), 'file');
  await t.rejects(createFile(path, 'text'), { code: 'HOST', message: /^cannot write .*file: EEXIST/ });
  t.equal(readFileSync(path, 'utf8'), 'precious');
});

/** Runs both functions in a process whose files may have no content. */
const program = `
import { createFile, replaceFile } from ${JSON.stringify(new URL('write-file.js', import.meta.url).href)};
process.on('SIGXFSZ', () => {});
for (const write of [replaceFile, createFile])
  for (const name of ['old', 'new'])
    await write(process.argv[1] + '/' + name, 'text').catch(({ message }) => console.log(message));
`;

t.test('a write that fails leaves what was there', async (t) => {
  const directory = t.testdir({ old: 'old' });
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', 'ulimit -f 0; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', program, directory],
    { encoding: 'utf8' },
  );
  t.strictSame(
    stdout.match(/[a-z]+: E[A-Z]+/g),
    ['old: EFBIG', 'new: EFBIG', 'old: EEXIST', 'new: EFBIG'],
    stderr,
  );
  t.strictSame(readdirSync(directory), ['old']);
  t.equal(readFileSync(join(directory, 'old'), 'utf8'), 'old');
});

/** Ends by a signal as soon as one can be handled after the call, as a command does. */
const interrupted = `
import { createFile, replaceFile } from ${JSON.stringify(new URL('write-file.js', import.meta.url).href)};
const [, name, path] = process.argv;
process.on('SIGTERM', () => process.exit());
process.kill(process.pid, 'SIGTERM');
await (name === 'createFile' ? createFile : replaceFile)(path, 'x'.repeat(1 << 24));
`;

for (const name of ['createFile', 'replaceFile'])
  t.test(`a signal during ${name} leaves the whole file or none`, async (t) => {
    const directory = t.testdir({});
    const path = join(directory, 'file');
    spawnSync(process.execPath, ['--input-type=module', '-e', interrupted, name, path], { stdio: 'inherit' });
    t.strictSame(
      readdirSync(directory).map((file) => [file, statSync(join(directory, file)).size]),
      existsSync(path) ? [['file', 1 << 24]] : [],
    );
  });
