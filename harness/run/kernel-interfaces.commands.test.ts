// Compiles a use of each interface of the kernel that has changed, on a kernel of each series: the compiler's
// real output names the cause where the interface is missing, and there is no error elsewhere. Fetches the
// kernels if they are missing.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { compile } from '../../images/kernels/compile.js';
import { ensureKernel } from '../../images/kernels/ensure.js';
import { kernelRow } from '../../images/kernels/table.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { type InterfaceUse, interfaceUses, series } from '../testing/kernel-interfaces.js';
import { causesOfBuild } from './build-failure.js';

t.setTimeout(3_600_000);

/** Rows about what modpost finds, which runs only when everything compiles. */
const linked = ['namespace-not-imported', 'symbol-not-exported'];

const all = Object.entries<InterfaceUse>(interfaceUses);

const fileOf = (id: string): string => id.replaceAll('-', '_');

const sourceOf = ({ headers, code }: InterfaceUse): string =>
  [
    ...headers.map((header) => `#include <${header}>`),
    code,
    ...(headers.includes('linux/module.h') ? ['MODULE_LICENSE("GPL");', 'MODULE_DESCRIPTION("x");'] : []),
    '',
  ].join('\n');

/** The lines of each file in the build's output, which has one file after the other. */
const linesByFile = (log: string): Map<string, string[]> => {
  const lines = new Map<string, string[]>();
  let at = '';
  for (const line of log.split('\n')) {
    at = /\b(\w+)\.(?:c|o|ko)\b|module (\w+) uses/.exec(line)?.slice(1).find(Boolean) ?? at;
    lines.set(at, [...(lines.get(at) ?? []), line]);
  }
  return lines;
};

const root = await ensureToolRoot();

for (const name of series) {
  t.test(`interfaces of ${name}`, async (t) => {
    const kernel = await ensureKernel(kernelRow(`${name}-cloud`), root);
    for (const isLinked of [false, true]) {
      const rows = all.filter(([id]) => linked.includes(id) === isLinked);
      const directory = temporaryDirectory();
      t.teardown(() => directory.remove());
      for (const [id, use] of rows) await writeFile(join(directory.path, `${fileOf(id)}.c`), sourceOf(use));
      const objects = rows.map(([id]) => `${fileOf(id)}.o`);
      await writeFile(join(directory.path, 'Kbuild'), `obj-m := ${objects.join(' ')}\n`);
      const more = ['--keep-going', '--output-sync=target'];
      const { log } = await compile(kernel, root, directory.path, { more });
      const lines = linesByFile(log);
      for (const [id, { failsOn, without = [] }] of rows) {
        const own = lines.get(fileOf(id)) ?? [];
        const found = causesOfBuild(own.join('\n')).map((cause) => cause.id);
        if (failsOn.includes(name)) t.strictSame(found, [id], `${id}\n${own.join('\n')}`);
        else if (!without.includes(name)) t.notMatch(own.join('\n'), /error: |ERROR: /, `${id} compiles`);
      }
    }
  });
}
