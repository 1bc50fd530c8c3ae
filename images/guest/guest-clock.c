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

static unsigned long parse(const char *text)
{
	unsigned long value = 0;

	if (!*text)
		leave(2);
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			leave(2);
		value = value * 10 + (unsigned long)(*text - '0');
	}
	return value;
}

static void print(unsigned long value)
{
	char text[24];
	char *at = text + sizeof(text);

	*--at = '\n';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	call(SYS_WRITE, STDOUT, (long)at, text + sizeof(text) - at);
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
			set(now() + parse(text + 1));
		else if (*text == '-')
			set(now() - parse(text + 1));
		else
			set(parse(text));
	}
	print(now());
	leave(0);
}
