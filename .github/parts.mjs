// Reads the output of `vmmci matrix --list` and writes the parts of the nightly matrix as JSON. The argument is the number of
// parts for each kernel.

import { readFileSync } from 'node:fs';

const count = Number(process.argv[2]);
if (!Number.isInteger(count) || count < 1) throw new Error('usage: parts.mjs COUNT <cells');
const cells = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line !== '');
const kernels = [...new Set(cells.map((line) => line.split(' ', 1)[0]))];
if (kernels.length === 0) throw new Error('standard input has no cells');
const parts = kernels.flatMap((kernel) =>
  Array.from({ length: count }, (_, index) => ({ kernel, index: index + 1, count })),
);
process.stdout.write(`${JSON.stringify(parts)}\n`);
