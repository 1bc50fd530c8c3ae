// JSON of values that it has no form for.

/** For JSON.stringify, which has no bigint: a number where that is exact, else a string. */
export const plain = (_key: string, value: unknown): unknown =>
  typeof value !== 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
