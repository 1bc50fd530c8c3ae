import { basename } from 'node:path';
import t from 'tap';
import { declaredNames } from './scenario-file.js';
import { filesFor, scenarioFilesWith } from './scenario-files.js';

const matches = (text: string, name: string): boolean =>
  declaredNames(text).some((known) => known.test(name));

t.test('declaredNames finds literal and computed names', async (t) => {
  const text = [
    "scenario('a-b', {}, x);",
    `for (const how of all) scenario(\`c-\${how}.d\`, {}, y);`,
    "scenario(\n  'e',",
  ].join('\n');
  for (const name of ['a-b', 'c-1.d', 'c-any thing.d', 'e']) t.ok(matches(text, name), name);
  for (const name of ['a', 'a-bc', 'c-.d', 'c-1xd', 'x']) t.notOk(matches(text, name), name);
  t.notOk(matches("myscenario('a')", 'a'));
});

t.test('declaredNames finds names that are elsewhere in the file', async (t) => {
  const table = "const cases = { 'a-b': 1, 'c-d': 2 };\nfor (const [name] of cases) scenario(name, {}, x);";
  t.ok(matches(table, 'a-b'));
  t.ok(matches(table, 'c-d'));
  t.notOk(matches(table, 'a-bc'));
  t.notOk(matches("const x = 'a-b';\nscenario('c', {}, y);", 'a-b'));
});

t.test('every scenario of the distribution guest is found by its name, for its reproduce.sh', async (t) => {
  const files = await scenarioFilesWith(undefined, ['slow', 'distro']);
  const found = (name: string): string[] => filesFor(files, [name]).map((path) => basename(path));
  t.strictSame(found('distro-chrony'), ['chrony.js']);
  t.strictSame(found('distro-chrony-slow'), ['chrony.js']);
  t.strictSame(found('distro-chrony-pause'), ['chrony-steps.js']);
  t.strictSame(found('distro-chrony-host-step-back'), ['chrony-step-back.js']);
  t.strictSame(found('distro-alias'), ['autoload.js']);
  t.strictSame(found('vm-conf-all'), ['vm-conf.js']);
});

t.test('filesFor finds files by the name of a scenario or of the file', async (t) => {
  const file = (name: string, ...declared: string[]) => ({
    path: `/s/${name}.js`,
    name,
    declares: (scenario: string) => declared.includes(scenario),
    literals: declared,
  });
  const files = [file('clock', 'clock-one', 'clock-two'), file('stop', 'stop')];
  t.strictSame(filesFor(files, ['clock-two', 'stop', 'clock-one']), ['/s/clock.js', '/s/stop.js']);
  t.strictSame(filesFor(files, ['clock']), ['/s/clock.js']);
  t.strictSame(filesFor(files, ['c*k', 'st?p', 'stop']), ['/s/clock.js', '/s/stop.js'], 'by a pattern');
  t.throws(() => filesFor(files, ['stop?']), { code: 'UNKNOWN_NAME', fields: { name: 'stop?' } });
  t.throws(() => filesFor(files, ['stop', 'stopp']), {
    code: 'UNKNOWN_NAME',
    message: /'stopp'.*stop, clock/,
  });
  t.throws(() => filesFor(files, ['clock-tow']), { message: /valid: clock-two, clock-one, clock/ });
});
