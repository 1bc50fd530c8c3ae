// Which modules a module file needs, by its own account.

/** The fields of a module's .modinfo section are `name=value`, each with a zero byte before and after it. */
const depends = /\0depends=([\w,-]*)\0/;

/** The names in the `depends` field of a module file, which modpost writes; empty if it needs none. */
export const dependsOf = (content: Buffer): string[] =>
  (depends.exec(content.toString('latin1'))?.[1] ?? '').split(',').filter((name) => name !== '');
