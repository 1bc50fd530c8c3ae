// A JSON.stringify replacer for bigint.

/** Replaces a bigint by a number if that is exact, otherwise by a string. */
export const bigintReplacer = (_key: string, value: unknown): unknown =>
  typeof value !== 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
