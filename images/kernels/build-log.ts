// Parses the output of a module build. Pure.

/** The path of the sources inside the tool root (see compile.ts), which means nothing to the reader. */
const buildPath = /(^|[\s'"‘(])\/build\//gm;

/** The log with file names relative to the driver's directory. */
export const tidyLog = (log: string): string => log.replace(buildPath, '$1');

/** The beginning of a path of a kernel file, as the compiler prints it. */
const kernelFile = String.raw`(?:/usr/|\./|\.\./|include/|arch/|scripts/|tools/)`;

/** Kinds of error lines, the most informative first. */
const errorPatterns = [
  // The compiler's, then the assembler's errors in a file.
  /^\S+:\d+(:\d+)?: (fatal )?error: /,
  /^\S+: Assembler messages:|^\S+:\d+: Error: /,
  // Errors of the compiler, the linker or another program itself: `gcc: error: unrecognized command-line
  // option`.
  /^(\S*\/)?(gcc|cc|cc1|clang|ld|as|objtool|objcopy|make|bwrap)\S*: (fatal |internal compiler )?error: /,
  /internal compiler error: /,
  // A program is missing, cannot run here, or lacks a library: `sh: 1: clang: not found`, `Exec format
  // error`.
  /: (\d+: )?\S+: (command )?not found$| not found \(required by |error while loading shared libraries|cannot execute|Exec format error|: Permission denied$|No such file or directory$/,
  /^ERROR: modpost: |^FATAL: modpost: /,
  /\bundefined reference to\b/,
  /^(make.*|\S+:\d+): \*\*\* .*Stop\.$/,
  /(^|: )(fatal )?error: /i,
  /^make.*: \*\*\* /,
];

/** The most informative line about the failure. */
export const firstError = (log: string): string => {
  const lines = log.split('\n');
  for (const pattern of errorPatterns) {
    const found = lines.find((line) => pattern.test(line));
    if (found !== undefined) return found.trim();
  }
  return lines.filter((line) => line.trim() !== '').at(-1) ?? 'no output';
};

/** The most informative line, and after it the other lines of its kind, without duplicates. */
export const errorsIn = (log: string): string[] => {
  const first = firstError(log);
  const pattern = errorPatterns.find((pattern) => pattern.test(first));
  const others = pattern === undefined ? [] : log.split('\n').filter((line) => pattern.test(line));
  return [...new Set([first, ...others.map((line) => line.trim())])];
};

/**
 * Whether the error is in a source file of the driver, so that no other kernel tree or tool would accept the
 * file.
 */
export const isAboutSource = (error: string): boolean =>
  new RegExp(String.raw`^(?!${kernelFile})\S+:\d+(:\d+)?: error: `).test(error);

/** Lines that show that the host ended a program of the build, or that the compiler crashed. */
const hostTroubles =
  /signal terminated program|internal compiler error|Cannot allocate memory|out of memory allocating|virtual memory exhausted|^(make.*: \*\*\* .*)?(Killed|Terminated|Bus error)$/m;

/** The line about a program that was killed, crashed or ran out of memory; `undefined` if there is none. */
export const hostTrouble = (log: string): string | undefined =>
  log
    .split('\n')
    .find((line) => hostTroubles.test(line))
    ?.trim();

/**
 * Warnings about the driver's own files. With W=1 the compiler also warns about kernel headers; those are
 * left out.
 */
export const warningsIn = (log: string): string[] =>
  log
    .split('\n')
    .filter(
      (line) =>
        new RegExp(String.raw`^(?!${kernelFile})\S+:\d+(:\d+)?: warning: `).test(line) ||
        /^WARNING: modpost: /.test(line),
    );
