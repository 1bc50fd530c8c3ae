// SPDX-License-Identifier: ISC
/*
 * guest-clock [NANOSECONDS | +NANOSECONDS | -NANOSECONDS]: sets the wall clock, or shifts it, if asked to; then prints it. All are
 * nanoseconds, those of the clock since the epoch. For busybox's date a second is the smallest unit.
 */

#define PROGRAM "guest-clock"
#include "freestanding.h"

enum { SYS_CLOCK_SETTIME = 227, SYS_CLOCK_GETTIME = 228 };
enum { CLOCK_REALTIME = 0, STDOUT = 1 };

#define NANOSECONDS 1000000000UL

static void print(unsigned long value)
{
	char text[24];
	char *end = text + sizeof(text), *begin = digits_before(end - 1, value);

	end[-1] = '\n';
	put(STDOUT, begin, end - begin);
}

static unsigned long now(void)
{
	struct timespec time;

	if (call(SYS_CLOCK_GETTIME, CLOCK_REALTIME, (long)&time, 0))
		leave(1);
	return (unsigned long)time.sec * NANOSECONDS + (unsigned long)time.nsec;
}

static void set(unsigned long value)
{
	struct timespec time = {
		.sec = (long)(value / NANOSECONDS),
		.nsec = (long)(value % NANOSECONDS),
	};

	if (call(SYS_CLOCK_SETTIME, CLOCK_REALTIME, (long)&time, 0))
		leave(1);
}

void run(long *stack)
{
	char **argv = (char **)(stack + 1);

	if (stack[0] > 1) {
		char *text = argv[1];

		if (*text == '+')
			set(now() + number(text + 1));
		else if (*text == '-')
			set(now() - number(text + 1));
		else
			set(number(text));
	}
	print(now());
	leave(0);
}
