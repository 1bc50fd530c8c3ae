import t from 'tap';
import { isInAll, kernelTable } from '../../images/kernels/table.js';
import { codeOf } from '../base/errors.js';
import { defaultJobs } from './jobs.js';
import { cutShard, parseShard, planCells } from './plan.js';
import { selectGenerations, selectKernels } from './select.js';

const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

const names = (patterns?: string[]): string[] => selectKernels(patterns).map(({ name }) => name);

t.test('patterns select items in their order', async (t) => {
  t.strictSame(
    names(['6.*-cloud']),
    ['6.1-cloud', '6.12-cloud'],
    'in the order of the table, and a dot is a dot',
  );
  t.strictSame(names(['6.12-cloud', '5.10-*']), ['5.10-cloud', '5.10-generic', '6.12-cloud', '5.10-686']);
  t.strictSame(names(['6.?-cloud']), ['6.1-cloud']);
  t.strictSame(
    names(['all']),
    kernelTable.filter(isInAll).map(({ name }) => name),
    'all of Debian’s; what is built here is asked for by name',
  );
  t.strictSame(names(['*-debug']), ['6.12-debug', '7.3-debug']);
  t.equal(new Set(selectKernels().map(({ series }) => series)).size, names().length, 'one of each series');
  t.strictSame(selectGenerations(['7.*']), ['7.3', '7.4', '7.7', '7.8', '7.9']);
  t.strictSame(selectGenerations(), ['8.0']);
});

t.test('a pattern that matches nothing is refused, even beside others that match', async (t) => {
  const error = thrown(() => selectKernels(['6.12-cloud', '6.12']));
  t.equal(codeOf(error), 'UNKNOWN_NAME');
  t.match(error, { message: /'6\.12'.*6\.12-cloud/ });
});

t.test('kernels from directories, with and without those of the table', async (t) => {
  t.strictSame(names(['dir:/a/linux']), ['dir-linux']);
  t.strictSame(names(['dir:/a/linux', '6.1-cloud', 'dir:/a/linux']), ['6.1-cloud', 'dir-linux']);
  const error = thrown(() => selectKernels(['dir:/a/linux', 'dir:/b/linux']));
  t.match(error, {
    code: 'KERNEL_NAME_TWICE',
    message: /dir:\/a\/linux and dir:\/b\/linux would have the same name in the report, dir-linux/,
  });
});

t.test('the shards contain each cell once', async (t) => {
  const cells = planCells({
    kernels: selectKernels(['*-cloud']),
    generations: selectGenerations(['8.0', '7.8']),
    files: ['a', 'b', 'c'],
  });
  t.equal(cells.length, 30);
  for (const count of [1, 4, 7, 30, 31]) {
    const shards = Array.from({ length: count }, (_, index) => cutShard(cells, { index: index + 1, count }));
    t.strictSame(shards.flat(), cells, `${count} shards`);
  }
  const kernels = new Set(cutShard(cells, { index: 1, count: 5 }).map(({ kernel }) => kernel.name));
  t.equal(kernels.size, 1, 'a fifth of five kernels is one kernel');
  t.strictSame(parseShard('2/4'), { index: 2, count: 4 });
  for (const text of ['0/4', '5/4', '4', '1/0', 'a/b', '1/4 ', ''])
    t.equal(codeOf(thrown(() => parseShard(text))), 'INVALID_VALUE', JSON.stringify(text));
});

t.test('jobs: two for each processor, limited by memory, at least one', async (t) => {
  t.equal(defaultJobs({ processors: 2, freeMiB: 20_000 }), 4);
  t.equal(defaultJobs({ processors: 16, freeMiB: 1700 }), 4);
  t.equal(defaultJobs({ processors: 2, freeMiB: 100 }), 1);
});
