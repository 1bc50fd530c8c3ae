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
