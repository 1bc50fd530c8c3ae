// Sizes for people.

/** `0.4 MB`, `183 MB`: units of a million bytes. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 1 : 0)} MB`;
