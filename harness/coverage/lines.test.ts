import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { functionOf, nodesOf, parseC } from '../c-source/syntax.js';
import type { Probe } from './instrument.js';
import { fileCoverage, percent, shareOf } from './lines.js';
import { compareUnreached, readUnreached } from './unreached.js';

const probe = (kind: Probe['kind'], first: number, last = first): Probe => ({
  file: 'a.c',
  function: 'f',
  first,
  last,
  kind,
});

const coverage = {
  probes: [
    probe('statement', 1, 2),
    probe('true', 2),
    probe('false', 2),
    probe('statement', 3),
    probe('statement', 9),
  ],
  compiled: new Set([0, 1, 2, 3]),
  passed: new Map([
    ['one', new Set([0, 1])],
    ['two', new Set([0])],
  ]),
};

t.test('lines and outcomes by scenario', async (t) => {
  const files = fileCoverage(coverage);
  t.strictSame(files, [
    {
      file: 'a.c',
      lines: [
        { line: 1, function: 'f', scenarios: ['one', 'two'] },
        { line: 2, function: 'f', scenarios: ['one', 'two'] },
        { line: 3, function: 'f', scenarios: [] },
      ],
      branches: [
        { line: 2, function: 'f', outcome: 'true', scenarios: ['one'] },
        { line: 2, function: 'f', outcome: 'false', scenarios: [] },
      ],
    },
  ]);
  t.equal(percent(shareOf(files[0]?.lines ?? [])), '66.7 %');
  t.equal(percent({ reached: 0, total: 0 }), '-');
});

t.test('each unreached line has a reason, and each reason has an unreached line', async (t) => {
  const sources = new Map([['a.c', 'one\ntwo\n\treturn 3;\n']]);
  const entry = { file: 'a.c', function: 'f', line: 'return 3;', reason: 'no device does that' };
  const files = fileCoverage(coverage);
  t.match(compareUnreached(files, sources, [entry]), {
    lines: [{ line: 3, reason: entry.reason }],
    stale: [],
  });
  t.match(compareUnreached(files, sources, []), { lines: [{ line: 3, reason: undefined }] });
  const reached = { ...entry, line: 'two' };
  t.strictSame(compareUnreached(files, sources, [entry, reached]).stale, [reached]);
});

t.test('a damaged list is refused', async (t) => {
  t.strictSame(await readUnreached(t.testdir({})), []);
  const directory = t.testdir({ 'vmmci-unreached.json': '[{"file":"a.c"}]' });
  await t.rejects(readUnreached(directory), { code: 'UNREACHED_LIST', message: /function is missing/ });
});

t.test('the list of the bundled driver names only lines that it has', async (t) => {
  for (const { file, function: name, line } of await readUnreached(asset('driver'))) {
    const text = await readFile(join(asset('driver'), file), 'utf8');
    const body = [...nodesOf(await parseC(text))].find(
      (node) => node.type === 'function_definition' && functionOf(node) === name,
    );
    const lines = (body?.text ?? '').split('\n').map((each) => each.trim());
    t.ok(lines.includes(line), `${file}: ${name}: ${line}`);
  }
});
