// What a module build's output says: pure.

/** Where the sources appear to the build, see compile.ts; of no interest to the reader. */
const buildPath = /(^|[\s'"‘(])\/build\//gm;

/** File names as the driver's developer knows them. */
export const tidyLog = (log: string): string => log.replace(buildPath, '$1');

/** A file of the kernel's, seen from its build directory. */
const kernelFile = String.raw`(?:/usr/|\./|\.\./|include/|arch/|scripts/|tools/)`;

/** The kinds of errors; the first kind that is there says best why a build failed. */
const errorPatterns = [
  // The compiler about a file, then the assembler.
  /^\S+:\d+(:\d+)?: (fatal )?error: /,
  /^\S+: Assembler messages:|^\S+:\d+: Error: /,
  // The compiler, the linker or another program about itself: `gcc: error: unrecognized command-line option`.
  /^(\S*\/)?(gcc|cc|cc1|clang|ld|as|objtool|objcopy|make|bwrap)\S*: (fatal |internal compiler )?error: /,
  /internal compiler error: /,
  // A program that is not there, does not run here, or lacks a library: `sh: 1: clang: not found`, `Exec format error`.
  /: (\d+: )?\S+: (command )?not found$| not found \(required by |error while loading shared libraries|cannot execute|Exec format error|: Permission denied$|No such file or directory$/,
  /^ERROR: modpost: |^FATAL: modpost: /,
  /\bundefined reference to\b/,
  /^(make.*|\S+:\d+): \*\*\* .*Stop\.$/,
  /(^|: )(fatal )?error: /i,
  /^make.*: \*\*\* /,
];

/** The line that says best why it failed. */
export const firstError = (log: string): string => {
  const lines = log.split('\n');
  for (const pattern of errorPatterns) {
    const found = lines.find((line) => pattern.test(line));
    if (found !== undefined) return found.trim();
  }
  return lines.filter((line) => line.trim() !== '').at(-1) ?? 'no output';
};

/** Whether the error is about the text of a file of the driver's, which no other tree or tool would accept. */
export const isAboutSource = (error: string): boolean =>
  new RegExp(String.raw`^(?!${kernelFile})\S+:\d+(:\d+)?: error: `).test(error);

/** Signs that the host has ended a program of the build, or that the compiler itself is broken. */
const hostTroubles =
  /signal terminated program|internal compiler error|Cannot allocate memory|out of memory allocating|virtual memory exhausted|^(make.*: \*\*\* .*)?(Killed|Terminated|Bus error)$/m;

/** The line that tells of a program that was killed, that crashed, or that had no memory. */
export const hostTrouble = (log: string): string | undefined =>
  log
    .split('\n')
    .find((line) => hostTroubles.test(line))
    ?.trim();

/** Warnings about the driver's own files, not about headers of the kernel (which W=1 brings out too). */
export const warningsIn = (log: string): string[] =>
  log
    .split('\n')
    .filter(
      (line) =>
        new RegExp(String.raw`^(?!${kernelFile})\S+:\d+(:\d+)?: warning: `).test(line) ||
        /^WARNING: modpost: /.test(line),
    );
