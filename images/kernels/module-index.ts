// Reading what depmod wrote: pure parsers.

/** `virtio-rng` and `virtio_rng` are one module. `kernel/fs/ext4/ext4.ko.xz` → `ext4`. */
export const moduleName = (path: string): string =>
  path
    .replace(/^.*\//, '')
    .replace(/\.ko(\.(xz|zst|gz))?$/, '')
    .replaceAll('-', '_');

export interface ModuleFile {
  /** Relative to the modules directory. */
  path: string;
  /** Paths of all it needs, also of what those need. */
  needs: readonly string[];
}

/** modules.dep: `path: need need …`. By module name. */
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

/** modules.builtin: one path a line, of modules that are part of the image. */
export const parseBuiltin = (text: string): Set<string> =>
  new Set(text.split('\n').filter(Boolean).map(moduleName));

/** modules.builtin.modinfo: `name.key=value`, each ended by NUL. The aliases, all of them provided by the image. */
export const parseBuiltinAliases = (text: string): Set<string> =>
  new Set(
    text
      .split('\0')
      .map((entry) => /^[^.]+\.alias=(.*)$/s.exec(entry)?.[1])
      .filter((alias) => alias !== undefined),
  );

/** modules.softdep: `softdep name pre: a b post: c`. What is to be loaded before, by module name. */
export const parseSoftDependencies = (text: string): Map<string, string[]> =>
  new Map(
    text
      .split('\n')
      .map((line) => /^softdep (\S+) (?:.*\b)?pre: ([^:]*?)(?: post:.*)?$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name = '', names = '']) => [moduleName(name), names.split(' ').filter(Boolean)]),
  );

/** modules.alias: `alias pattern name`. Only those without wildcards, which is what soft dependencies name. */
export const parseAliases = (text: string): Map<string, string[]> => {
  const aliases = new Map<string, string[]>();
  for (const [, alias = '', name = ''] of text.matchAll(/^alias ([^\s*?[]+) (\S+)$/gm)) {
    aliases.set(alias, [...(aliases.get(alias) ?? []), moduleName(name)]);
  }
  return aliases;
};
