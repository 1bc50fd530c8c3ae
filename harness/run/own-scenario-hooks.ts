// Node.js module hooks for scenario files of a driver's own repository. `registerOwnScenarios` installs them;
// Node.js runs them in a thread of their own.

import { readFile } from 'node:fs/promises';
import { createRequire, type LoadHook, type ModuleFormat, type ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import type typescript from 'typescript';

/** The specifier with which such a file imports this package. */
const publicName = 'vmmci-harness/scenario';

let publicUrl = '';

export const initialize = (url: string): void => {
  publicUrl = url;
};

/** Resolves the specifier to the running package, wherever the file and the package are installed. */
export const resolve: ResolveHook = (specifier, context, next) =>
  specifier === publicName ? { url: publicUrl, shortCircuit: true } : next(specifier, context);

/** Begins its stack with file and line, as Node.js does when it strips types itself. */
const syntaxError = (
  ts: typeof typescript,
  { messageText, start = 0 }: typescript.Diagnostic,
  file: typescript.SourceFile,
): SyntaxError => {
  const error = new SyntaxError(ts.flattenDiagnosticMessageText(messageText, ' '));
  const line = file.getLineAndCharacterOfPosition(start).line + 1;
  error.stack = `${file.fileName}:${line}\n${error.stack}`;
  return error;
};

const compile = async (url: string): Promise<string> => {
  const path = fileURLToPath(url);
  const ts = createRequire(path)('typescript') as typeof typescript;
  const { outputText, diagnostics = [] } = ts.transpileModule(await readFile(path, 'utf8'), {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, inlineSourceMap: true },
  });
  const [first] = diagnostics;
  if (first?.file !== undefined) throw syntaxError(ts, first, first.file);
  return outputText;
};

/**
 * Loads a scenario file as an ES module even if its package.json says commonjs, as `npm init` does. Types are
 * stripped here only for Node.js before 22.18, which cannot strip them itself.
 */
export const load: LoadHook = async (url, context, next) => {
  const { typescript } = process.features as { typescript?: unknown };
  if (/\.m?ts$/.test(url) && !typescript)
    return { format: 'module', source: await compile(url), shortCircuit: true };
  // The type declarations of Node.js 20 do not have `module-typescript`.
  const format = url.endsWith('.scenario.ts') ? 'module-typescript' : 'module';
  return next(url, /\.scenario\.[jt]s$/.test(url) ? { ...context, format: format as ModuleFormat } : context);
};
