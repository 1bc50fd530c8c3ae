import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { runScenarioFile } from './scenario-process.js';

const never = new AbortController().signal;

t.test('what it prints and how it ends; its temporary files are gone', async (t) => {
  const place = t.testdir({
    'it.mjs': `import { writeFileSync } from 'node:fs';
      writeFileSync(process.env.TMPDIR + '/left', '');
      console.log(process.env.TMPDIR); console.error('and ' + process.env.WORD); process.exitCode = 4;`,
  });
  const end = await runScenarioFile({ path: join(place, 'it.mjs'), env: { WORD: 'so on' }, kill: never });
  t.match(end, { ok: false, how: 'status 4' });
  const [directory = '', said] = end.output.split('\n');
  t.equal(said, 'and so on');
  t.notOk(existsSync(directory));
});

t.test('one that never ends is ended', async (t) => {
  const place = t.testdir({ 'it.mjs': 'setInterval(() => {}, 1000);' });
  const end = await runScenarioFile({ path: join(place, 'it.mjs'), env: {}, kill: never, timeoutMs: 500 });
  t.match(end, { ok: false, how: 'no end within 0.5 s' });
});

t.test('it dies with the process that started it, also on SIGKILL', async (t) => {
  const place = t.testdir({
    'it.mjs': `import { writeFileSync } from 'node:fs';
      writeFileSync(process.env.PLACE + '/pid', String(process.pid)); setInterval(() => {}, 1000);`,
  });
  const module = pathToFileURL(join(import.meta.dirname, 'scenario-process.js')).href;
  const starter = `import { runScenarioFile } from ${JSON.stringify(module)};
    await runScenarioFile({ path: process.env.PLACE + '/it.mjs', env: {}, kill: new AbortController().signal });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', starter], {
    env: { ...process.env, PLACE: place, TMPDIR: place },
    stdio: 'ignore',
  });
  t.teardown(() => parent.kill('SIGKILL'));
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    for (let tries = 0; !holds(); tries++) {
      if (tries > 2000) throw new Error(`not within ${tries * 10} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const file = join(place, 'pid');
  const written = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  await until('the scenario runs', () => written() !== '');
  const pid = Number(written());
  t.ok(existsSync(`/proc/${pid}`));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const isGone = (): boolean =>
    !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await until('the scenario is gone', isGone);
  t.pass('gone');
});
