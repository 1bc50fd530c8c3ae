import t from 'tap';
import { declaredNames } from './scenario-file.js';
import { filesFor } from './scenario-files.js';

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

t.test('filesFor finds files by the name of a scenario or of the file', async (t) => {
  const file = (name: string, ...declared: string[]) => ({
    path: `/s/${name}.js`,
    name,
    declares: (scenario: string) => declared.includes(scenario),
  });
  const files = [file('clock', 'clock-one', 'clock-two'), file('stop', 'stop')];
  t.strictSame(filesFor(files, ['clock-two', 'stop', 'clock-one']), ['/s/clock.js', '/s/stop.js']);
  t.strictSame(filesFor(files, ['clock']), ['/s/clock.js']);
  t.throws(() => filesFor(files, ['stop', 'stopp']), {
    code: 'UNKNOWN_NAME',
    message: /'stopp'.*stop, clock/,
  });
});
