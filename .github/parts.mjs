// Reads what `vmmci kernels --json` prints and writes the parts of the nightly matrix, each kernel in as many as the argument says.
import { readFileSync } from 'node:fs';

const count = Number(process.argv[2]);
if (!Number.isInteger(count) || count < 1) throw new Error('usage: parts.mjs COUNT <kernels.json');
const kernels = JSON.parse(readFileSync(0, 'utf8'));
const parts = kernels.flatMap(({ name }) =>
  Array.from({ length: count }, (_, index) => ({ kernel: name, index: index + 1, count })),
);
process.stdout.write(`${JSON.stringify(parts)}\n`);
