// How Node loads scenario files of a driver's own repository. Runs in a thread of Node's; `registerOwnScenarios` starts it.
import { readFile } from 'node:fs/promises';
import { createRequire, type LoadHook, type ModuleFormat, type ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import type typescript from 'typescript';

/** The name under which this package is known to such a file. */
const publicName = 'vmmci-harness/scenario';

let publicUrl = '';

export const initialize = (url: string): void => {
  publicUrl = url;
};

/** The package that runs the file is the one that it gets, wherever either of them is installed. */
export const resolve: ResolveHook = (specifier, context, next) =>
  specifier === publicName ? { url: publicUrl, shortCircuit: true } : next(specifier, context);

const compile = async (url: string): Promise<string> => {
  const path = fileURLToPath(url);
  const ts = createRequire(path)('typescript') as typeof typescript;
  const { outputText } = ts.transpileModule(await readFile(path, 'utf8'), {
    fileName: path,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, inlineSourceMap: true },
  });
  return outputText;
};

/**
 * A scenario file is a module, whatever package.json says of other files: `npm init` says commonjs. Types are removed here only where Node
 * does not do so by itself, which it does from 22.18 on.
 */
export const load: LoadHook = async (url, context, next) => {
  const { typescript } = process.features as { typescript?: unknown };
  if (/\.m?ts$/.test(url) && !typescript)
    return { format: 'module', source: await compile(url), shortCircuit: true };
  // The types of Node 20 do not have the first of these formats.
  const format = url.endsWith('.scenario.ts') ? 'module-typescript' : 'module';
  return next(url, /\.scenario\.[jt]s$/.test(url) ? { ...context, format: format as ModuleFormat } : context);
};
