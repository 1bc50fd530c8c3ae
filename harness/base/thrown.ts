// What is known of a caught value. TypeScript calls it `unknown`, and it may be no Error at all.

/** The message of an Error; anything else as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The stack of an Error; anything else as text. */
export const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** The code that Node gives an error, such as `ENOENT`; `undefined` for a value without one. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
