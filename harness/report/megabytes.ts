// Formats a size in megabytes.

/** `0.4 MB`, `183 MB`; 1 MB is a million bytes. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 1 : 0)} MB`;
