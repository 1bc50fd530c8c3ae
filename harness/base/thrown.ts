// Reads a caught value, which may not be an Error.

/** The message of an Error; anything else as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The stack of an Error; anything else as text. */
export const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** The code of a Node.js error, such as `ENOENT`; `undefined` if there is none. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const directoryReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOTDIR: 'it is not a directory',
  EACCES: 'this user may not read it',
};

/** Why `directory` cannot be read, without repeating its path; the message of an error about another path. */
export const directoryReason = (error: unknown, directory: string): string =>
  (error instanceof Error &&
    'path' in error &&
    error.path === directory &&
    directoryReasons[systemCode(error) ?? '']) ||
  messageOf(error);
