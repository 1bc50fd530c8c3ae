// Reads the version of a QEMU, and says whether it is new enough.

/** The oldest QEMU with a complete vfio-user client. */
export const oldestQemu = [10, 2] as const;

/**
 * The version in the output of `--version`: `11.1.3` for `QEMU emulator version 11.1.3 (Debian …)`. Undefined
 * for other text.
 */
export const parseQemuVersion = (text: string): string | undefined =>
  /^QEMU emulator version (\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];

/** True if a QEMU of this version, such as `11.1.3`, is not older than `oldestQemu`. */
export const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestQemu[0] || (major === oldestQemu[0] && minor >= oldestQemu[1]);
};
