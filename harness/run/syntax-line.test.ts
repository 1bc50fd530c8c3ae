import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const urlOf = (path: string): string => JSON.stringify(pathToFileURL(path).href);

/** The line and the message of the error with which the import of a scenario file fails. */
const failureOf = (file: string): string => {
  const [register, line] = ['register-own-scenarios.js', 'syntax-line.js'].map((name) =>
    urlOf(join(import.meta.dirname, name)),
  );
  const start = `const { registerOwnScenarios } = await import(${register});
    const { syntaxLine } = await import(${line});
    registerOwnScenarios();
    await import(${urlOf(file)}).then(
      () => console.log('imported'),
      async (error) => console.log(await syntaxLine(${JSON.stringify(file)}, error), error.message),
    );
    process.exit(0);`;
  const argv = ['--no-warnings', '--input-type=module', '-e', start];
  return execFileSync(process.execPath, argv, { encoding: 'utf8' });
};

t.test('the line of a syntax error, in TypeScript and JavaScript', async (t) => {
  const wrong = 'const a = 1;\nf(a.b(1);\n';
  const directory = t.testdir({
    'package.json': '{ "type": "commonjs" }',
    'a.scenario.ts': wrong,
    'b.scenario.js': wrong,
    'c.scenario.mjs': wrong,
    'd.scenario.js': "throw new Error('another error');\n",
    'e.scenario.mjs': "const a = 1;\nimport { nothing } from 'node:path';\n",
  });
  const failure = (name: string): string => failureOf(join(directory, name));
  t.match(failure('a.scenario.ts'), /^2 .*[),]/);
  t.match(failure('b.scenario.js'), /^2 missing \) after argument list/);
  t.match(failure('c.scenario.mjs'), /^2 missing \) after argument list/);
  t.match(failure('d.scenario.js'), /^undefined another error/);
  t.match(failure('e.scenario.mjs'), /^2 .*'nothing'/, 'an export that does not exist');
});
