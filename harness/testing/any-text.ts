// Arbitrary text for property tests: any code points, lone surrogates included.

import fc from 'fast-check';

/** fast-check's own unit `binary` would first build a table of all code points, which takes half a second. */
export const anyText = fc.string({ unit: fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)) });
