// How much slower a guest is because of the debugging options of its kernel. Timeouts are scaled with it, so
// that a driver is never blamed for the time that its kernel takes.

/**
 * Options of the kernel's configuration with the factor that each costs a guest under TCG. The factors are
 * estimates; only their product for 6.12-debug, 15.6, is measured against 6.12-cloud (docs/figures.md: 14.6).
 */
const factors: Readonly<Record<string, number>> = {
  KASAN_GENERIC: 5,
  KMSAN: 10,
  KCSAN: 5,
  PROVE_LOCKING: 2,
  DEBUG_OBJECTS: 1.25,
  DEBUG_KMEMLEAK: 1.25,
  DEBUG_PAGEALLOC: 1.5,
  GCOV_PROFILE_ALL: 2,
  KCOV_INSTRUMENT_ALL: 2,
};

/**
 * How many times longer a guest takes with a kernel of this configuration than with an ordinary one; at least
 * 1.
 */
export const slownessOf = (config: string): number =>
  [...config.matchAll(/^CONFIG_(\w+)=y$/gm)].reduce(
    (slowness, [, option = '']) => slowness * (factors[option] ?? 1),
    1,
  );
