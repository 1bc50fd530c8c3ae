// Derives a suite's sources.list from the tool root's, so that kernels come from the same mirror as the tool
// root.

/**
 * `bullseye-security` also needs `bullseye`, for dependencies of its packages; `bullseye` needs no other.
 */
const suitesFor = (suite: string): string[] => {
  const base = suite.replace(/-.*$/, '');
  if (suite === base) return [suite];
  return [...new Set([base, `${base}-security`, suite])];
};

const linePattern = /^deb (?:\[([^\]]*)\] )?(\S+) (\S+) main/;

/**
 * Drops `signed-by`: one release's key does not fit other releases, and without it apt uses the tool root's
 * trusted keys. Drops `arch`: apt's settings name the architectures.
 */
const optionsFor = (options = ''): string => {
  const kept = options.split(/\s+/).filter((option) => !/^($|signed-by=|arch=)/.test(option));
  return kept.length === 0 ? '' : `[${kept.join(' ')}] `;
};

/**
 * Makes the sources.list from `lines`, a one-line-style sources.list. The `-security` suites have an archive
 * of their own. Throws if `lines` has no archive for one of the suites.
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
