import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { ownScenarioFiles } from './own-scenarios.js';

t.test(
  'scenario files are found in all directories except hidden ones, node_modules and run directories',
  async (t) => {
    const directory = t.testdir({
      'twice.scenario.js': "scenario('stop-twice', {}, async () => {});",
      'helper.js': '',
      deep: { 'late.scenario.mjs': '' },
      node_modules: { 'a.scenario.js': '' },
      '.hidden': { 'b.scenario.js': '' },
      runs: { one: { '.vmmci-run': '', 'c.scenario.js': '' } },
    });
    const files = await ownScenarioFiles(directory);
    t.strictSame(files.map(({ name }) => name).sort(), ['late', 'twice']);
    t.ok(files.find(({ name }) => name === 'twice')?.declares('stop-twice'));
  },
);

t.test('errors name the directory and the files', async (t) => {
  const empty = t.testdir({ empty: {}, two: { 'a.scenario.js': '', b: { 'a.scenario.mjs': '' } } });
  await t.rejects(ownScenarioFiles(`${empty}/none`), {
    code: 'SCENARIO_DIRECTORY',
    message: /none.*there is no such directory/,
  });
  await t.rejects(ownScenarioFiles(`${empty}/empty`), {
    code: 'SCENARIO_DIRECTORY',
    message: /\*\.scenario\.ts/,
  });
  await t.rejects(ownScenarioFiles(`${empty}/two`), {
    code: 'SCENARIO_TWICE',
    message: /a\.scenario\.js and /,
  });
});

t.test('a directory with too many others is refused', async (t) => {
  const directory = t.testdir({ a: { b: {} }, c: { 'a.scenario.js': '' } });
  t.match(await ownScenarioFiles(directory, 4), [{ name: 'a' }]);
  await t.rejects(ownScenarioFiles(directory, 3), {
    code: 'SCENARIO_DIRECTORY',
    message: /: it has more than 3 directories; name the one that has the scenarios$/,
  });
});

t.test('a scenario that is no regular file is refused, not waited for', async (t) => {
  const directory = t.testdir({ dangling: { 'a.scenario.js': t.fixture('symlink', 'none') }, fifo: {} });
  execFileSync('mkfifo', [join(directory, 'fifo', 'a.scenario.js')]);
  await t.rejects(ownScenarioFiles(join(directory, 'fifo')), {
    code: 'SCENARIO_DIRECTORY',
    message: /a\.scenario\.js is a FIFO, expected a regular file/,
  });
  await t.rejects(ownScenarioFiles(join(directory, 'dangling')), {
    code: 'SCENARIO_DIRECTORY',
    message: /ENOENT.*a\.scenario\.js/,
  });
});
