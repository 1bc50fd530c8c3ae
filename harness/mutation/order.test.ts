import t from 'tap';
import { orderScenarios } from './order.js';
import type { MutantResult } from './result.js';

const result = (by: string, file: string, line: number, name: string): MutantResult => ({
  id: `${file}:${line}`,
  file,
  line,
  operator: 'removal',
  function: name,
  before: '',
  after: '',
  status: 'killed',
  by,
  reason: '',
  causes: [],
  scenarios: 1,
  seconds: 1,
  hints: [],
});

const usable = (seconds: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(seconds).map(([name, each]) => [name, { hash: '', seconds: each, reaches: {} }]),
  );

const where = { file: 'a.c', line: 10, function: 'f' };

t.test('scenarios that killed a mutant near the change come first', async (t) => {
  const results = [
    result('far', 'b.c', 10, 'f'),
    result('far', 'b.c', 11, 'f'),
    result('file', 'a.c', 30, 'g'),
    result('function', 'a.c', 12, 'f'),
    result('line', 'a.c', 10, 'f'),
    { ...result('none', 'a.c', 10, 'f'), status: 'survived' as const },
  ];
  const names = ['none', 'new', 'far', 'file', 'function', 'line'];
  t.strictSame(orderScenarios(names, where, results, {}), ['line', 'function', 'file', 'far', 'none', 'new']);
});

t.test('without results the order does not change', async (t) => {
  t.strictSame(orderScenarios(['b', 'a'], where, [], {}), ['b', 'a']);
});

t.test('of scenarios that kill as much, the faster comes first', async (t) => {
  const names = ['slow', 'fast'];
  t.strictSame(orderScenarios(names, where, [], usable({ slow: 8, fast: 1 })), ['fast', 'slow']);
  const often = [0, 1, 2, 3].map((line) => result('slow', 'a.c', 20 + line, 'g'));
  t.strictSame(orderScenarios(names, where, often, usable({ slow: 8, fast: 1 })), ['slow', 'fast']);
});
