import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const urlOf = (path: string): string => JSON.stringify(pathToFileURL(path).href);

t.test('scenario files are ES modules even if package.json says commonjs', async (t) => {
  const text = "import { frozen } from 'vmmci-harness/scenario';\nconsole.log(frozen(5n).now());\n";
  const directory = t.testdir({
    'package.json': '{ "type": "commonjs" }',
    'a.scenario.js': text,
    'a.scenario.mjs': text,
    // The compiler is found in node_modules of this checkout.
    'a.scenario.ts': text.replace('5n', '5n as bigint'),
  });
  const files = ['a.scenario.js', 'a.scenario.mjs', 'a.scenario.ts'].map((name) =>
    urlOf(join(directory, name)),
  );
  const start = `const { registerOwnScenarios } = await import(${urlOf(join(import.meta.dirname, 'register-own-scenarios.js'))});
    registerOwnScenarios();
    for (const file of [${files}]) await import(file);
    process.exit(0);`;
  const argv = ['--no-warnings', '--input-type=module', '-e', start];
  t.equal(execFileSync(process.execPath, argv, { encoding: 'utf8', cwd: directory }), '5n\n5n\n5n\n');
});
