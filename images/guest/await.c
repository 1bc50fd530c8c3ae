// SPDX-License-Identifier: ISC
/* await PATH: ends once it exists. A shell that looks again and again starts a program to sleep in between, on the CPU that is waited for. */

#include "freestanding.h"

enum { SYS_ACCESS = 21, SYS_NANOSLEEP = 35 };

struct timespec {
	long sec;
	long nsec;
};

void run(long *stack)
{
	static const struct timespec pause = { .nsec = 1000000 };
	char **argv = (char **)(stack + 1);

	if (stack[0] != 2)
		leave(2);
	while (call(SYS_ACCESS, (long)argv[1], 0, 0))
		call(SYS_NANOSLEEP, (long)&pause, 0, 0);
	leave(0);
}
