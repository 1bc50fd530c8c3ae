// Parsers of the files that depmod writes. Pure.

/** `kernel/fs/ext4/ext4.ko.xz` → `ext4`. `virtio-rng` and `virtio_rng` name the same module. */
export const moduleName = (path: string): string =>
  path
    .replace(/^.*\//, '')
    .replace(/\.ko(\.(xz|zst|gz))?$/, '')
    .replaceAll('-', '_');

export interface ModuleFile {
  /** Relative to the modules directory. */
  path: string;
  /** Paths of all direct and indirect dependencies. */
  needs: readonly string[];
}

/** Parses modules.dep, whose lines are `path: dependency …`. The keys are module names. */
export const parseDependencies = (text: string): Map<string, ModuleFile> =>
  new Map(
    text
      .split('\n')
      .map((line) => /^(\S+):(.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, path = '', rest = '']) => [
        moduleName(path),
        { path, needs: rest.split(' ').filter(Boolean) },
      ]),
  );

/** Parses modules.builtin, which has one path a line: the names of the modules that are part of the image. */
export const parseBuiltin = (text: string): Set<string> =>
  new Set(text.split('\n').filter(Boolean).map(moduleName));

/**
 * Parses modules.builtin.modinfo, whose entries are `name.key=value\0`: the aliases that the image provides.
 */
export const parseBuiltinAliases = (text: string): Set<string> =>
  new Set(
    text
      .split('\0')
      .map((entry) => /^[^.]+\.alias=(.*)$/s.exec(entry)?.[1])
      .filter((alias) => alias !== undefined),
  );

/**
 * Parses modules.softdep, whose lines are `softdep name pre: a b post: c`: by module name, what to load
 * before it.
 */
export const parseSoftDependencies = (text: string): Map<string, string[]> =>
  new Map(
    text
      .split('\n')
      .map((line) => /^softdep (\S+) (?:.*\b)?pre: ([^:]*?)(?: post:.*)?$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name = '', names = '']) => [moduleName(name), names.split(' ').filter(Boolean)]),
  );

/**
 * Parses modules.alias, whose lines are `alias pattern name`. Soft dependencies need only those without
 * wildcards.
 */
export const parseAliases = (text: string): Map<string, string[]> => {
  const aliases = new Map<string, string[]>();
  for (const [, alias = '', name = ''] of text.matchAll(/^alias ([^\s*?[]+) (\S+)$/gm)) {
    aliases.set(alias, [...(aliases.get(alias) ?? []), moduleName(name)]);
  }
  return aliases;
};
