// SPDX-License-Identifier: ISC
/*
 * guest-clock [NANOSECONDS | +NANOSECONDS | -NANOSECONDS]: sets or shifts the wall clock if there is an
 * argument, then prints it.
 * guest-clock until EARLIEST LATEST: waits until the clock has been set to a time between the two.
 * Times are nanoseconds since the epoch. busybox's date has only seconds.
 */

#include "command.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS UINT64_C(1000000000)

static uint64_t now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_REALTIME, &time))
		fail_at("clock_gettime");
	return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static void set(uint64_t value)
{
	struct timespec time = {
		.tv_sec = (time_t)(value / NANOSECONDS),
		.tv_nsec = (long)(value % NANOSECONDS),
	};

	if (clock_settime(CLOCK_REALTIME, &time))
		fail_at("clock_settime");
}

static void until(uint64_t earliest, uint64_t latest)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t time;

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
	fprintf(out, "%" PRIu64 "\n", now());
	return 0;
}
