// The sources.list for one suite, made from the tool root's own: so the mirror that made the root also gives the kernels.

/** `bullseye-security` needs `bullseye` too, for the rest of what its packages depend on. */
const suitesFor = (suite: string): string[] => {
  const base = suite.replace(/-.*$/, '');
  return [...new Set([base, `${base}-security`, suite])];
};

const linePattern = /^deb (?:\[([^\]]*)\] )?(\S+) (\S+) main/;

/** A key named for one release would not do for the others; without it, apt takes those that the tool root trusts. */
const optionsFor = (options = ''): string => {
  const kept = options.split(/\s+/).filter((option) => option !== '' && !option.startsWith('signed-by='));
  return kept.length === 0 ? '' : `[${kept.join(' ')}] `;
};

/**
 * `lines` is a one-line-style sources.list; the `-security` suites come from another archive than the rest.
 * An error if it names no archive for one of the suites.
 */
export const sourcesFor = (suite: string, lines: string): string => {
  const archives = lines
    .split('\n')
    .map((line) => linePattern.exec(line))
    .filter((match) => match !== null);
  return suitesFor(suite)
    .map((wanted) => {
      const isSecurity = wanted.endsWith('-security');
      const archive = archives.find((match) => match[3]?.endsWith('-security') === isSecurity);
      if (!archive) throw new Error(`the tool root's sources.list has no archive for ${wanted}`);
      return `deb ${optionsFor(archive[1])}${archive[2]} ${wanted} main\n`;
    })
    .join('');
};
