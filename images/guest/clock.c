// SPDX-License-Identifier: ISC
/*
 * guest-clock [NANOSECONDS | +NANOSECONDS | -NANOSECONDS]: sets or shifts the wall clock if there is an
 * argument, then prints it.
 * guest-clock until EARLIEST LATEST: waits until the clock has been set to a time between the two.
 * Times are nanoseconds since the epoch. busybox's date has only seconds.
 */

#include "command.h"

#include <string.h>
#include <time.h>

#define NANOSECONDS 1000000000UL

static unsigned long now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_REALTIME, &time))
		fail_at("clock_gettime");
	return (unsigned long)time.tv_sec * NANOSECONDS + (unsigned long)time.tv_nsec;
}

static void set(unsigned long value)
{
	struct timespec time = {
		.tv_sec = (time_t)(value / NANOSECONDS),
		.tv_nsec = (long)(value % NANOSECONDS),
	};

	if (clock_settime(CLOCK_REALTIME, &time))
		fail_at("clock_settime");
}

static void until(unsigned long earliest, unsigned long latest)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned long time;

	while ((time = now()) < earliest || time > latest)
		nanosleep(&pause, 0);
}

int clock_command(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : 0;

	if (argc == 4 && !strcmp(text, "until"))
		until(number(argv[2]), number(argv[3]));
	else if (argc > 2)
		fail("[[+|-]NANOSECONDS], or until EARLIEST LATEST");
	else if (text && *text == '+')
		set(now() + number(text + 1));
	else if (text && *text == '-')
		set(now() - number(text + 1));
	else if (text)
		set(number(text));
	fprintf(out, "%lu\n", now());
	return 0;
}
