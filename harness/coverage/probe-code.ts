// The C code of the probes. A probe writes its number to an I/O port, byte by byte, when it is passed for the
// first time. So the host has the coverage at once, also if the guest panics, powers off or is killed a
// moment later.

import { coveragePort } from '../qemu/argv.js';

/** Numbers below this fit into three bytes of five bits each. */
export const maxProbes = 2 ** 15;

/** Marks a compiled probe in an object file. Code that the preprocessor removes has no mark. */
const marker = 'vmmci-probe:';

/**
 * Bits of a byte: 7 the CPU, since two CPUs may write at once; 6 and 5 the byte's position in the number; 4
 * to 0 a part of the number, the highest first.
 */
export const layout = { cpuShift: 7, positionShift: 5, bits: 5, bytes: 3 } as const;

const { cpuShift, positionShift, bits, bytes } = layout;

/**
 * The code for the beginning of a C file. It uses only reserved names and includes no header, so that it does
 * not affect the headers of the file. It gets the number of the CPU from CPUID, since a variable of the
 * kernel would need a header.
 */
export const probeCode = (file: string, probes: number): string => `
static unsigned char __coverage_seen[${Math.max(1, probes)}];
static void __attribute__((__noinline__, __unused__, __no_instrument_function__)) __coverage_hit(unsigned int id)
{
	unsigned int a = 1, b, c = 0, d, i;
	unsigned long flags;
	if (__coverage_seen[id])
		return;
	asm volatile("pushf\\n\\tpop %0\\n\\tcli" : "=r" (flags) : : "memory");
	if (!__coverage_seen[id]) {
		__coverage_seen[id] = 1;
		asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
		for (i = 0; i < ${bytes}; i++)
			asm volatile("outb %b0, %w1" : : "a" ((unsigned char)((b >> 24 & 1) << ${cpuShift} |
				i << ${positionShift} | (id >> (${bits * (bytes - 1)} - ${bits} * i) & ${2 ** bits - 1}))),
				"Nd" (${coveragePort}));
	}
	asm volatile("push %0\\n\\tpopf" : : "r" (flags) : "memory", "cc");
}
#define __coverage_mark(id) asm volatile(".pushsection .discard.vmmci\\n\\t.ascii \\"${marker}" #id ";\\"\\n\\t.popsection")
#define __coverage_at(id) do { __coverage_mark(id); __coverage_hit(id); } while (0)
#define __coverage_branch(yes, no, condition) ({ int __coverage_taken = (condition); \\
	__coverage_mark(yes); __coverage_mark(no); __coverage_hit(__coverage_taken ? yes : no); \\
	__coverage_taken; })
#line 1 "${file}"
`;

/** The numbers of the probes in an object file. */
export const compiledProbes = (object: Buffer): number[] =>
  [...object.toString('latin1').matchAll(/vmmci-probe:(\d+);/g)].map(([, id]) => Number(id));
