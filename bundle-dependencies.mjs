// Bundles dependencies that consist of many modules into dist/node_modules, where the compiled files find them
// first. A process then loads tap in less than half the CPU time. Without the bundles all works as well.

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

/** Bundled together, because they share modules. */
const packages = ['execa', 'tap', 'tap-parser'];
const outdir = 'dist/node_modules';
const marker = `${outdir}/.complete`;

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** npm writes its record of what is installed whenever it installs something. */
const installed = 'node_modules/.package-lock.json';
const isUpToDate = [installed, import.meta.filename].every((path) => changedAt(path) < changedAt(marker));

if (!isUpToDate) {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: Object.fromEntries(packages.map((name) => [`${name}/index`, name])),
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    chunkNames: 'shared-[hash]',
    // For the CommonJS modules among them, which require modules of Node.js.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    logLevel: 'warning',
  });
  for (const name of packages) {
    const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
    const about = { name, version, type: 'module', exports: { '.': './index.js' } };
    writeFileSync(`${outdir}/${name}/package.json`, `${JSON.stringify(about)}\n`);
  }
  writeFileSync(marker, '');
}
