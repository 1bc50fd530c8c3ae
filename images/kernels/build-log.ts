// What a module build's output says: pure.

/** Where the sources appear to the build, see build.ts; of no interest to the reader. */
const place = /(^|[\s'"‘(])\/build\//gm;

/** File names as the driver's developer knows them. */
export const tidyLog = (log: string): string => log.replace(place, '$1');

const errorPatterns = [
  /^\S+:\d+(:\d+)?: (fatal )?error: /,
  /^ERROR: modpost: /,
  /\bundefined reference to\b/,
  /^make.*: \*\*\* /,
];

/** The line that says best why it failed; compiler before modpost before make. */
export const firstError = (log: string): string => {
  const lines = log.split('\n');
  for (const pattern of errorPatterns) {
    const found = lines.find((line) => pattern.test(line));
    if (found !== undefined) return found.trim();
  }
  return lines.filter((line) => line.trim() !== '').at(-1) ?? 'no output';
};

/** Warnings about the driver's own files, not about headers of the kernel (which W=1 brings out too). */
export const warningsIn = (log: string): string[] =>
  log
    .split('\n')
    .filter(
      (line) =>
        /^(?!\/usr\/src\/|\.\/|include\/|arch\/)\S+:\d+(:\d+)?: warning: /.test(line) ||
        /^WARNING: modpost: /.test(line),
    );
