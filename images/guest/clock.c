// SPDX-License-Identifier: ISC
/*
 * guest-clock [NANOSECONDS | +NANOSECONDS | -NANOSECONDS]: sets or shifts the wall clock if there is an
 * argument, then prints it.
 * guest-clock until EARLIEST LATEST: waits until the clock has been set to a time between the two.
 * guest-clock tai SECONDS: sets the offset of TAI from UTC, then prints the wall clock.
 * guest-clock tick MICROSECONDS: lets the clock advance by that much in 10 ms, then prints it.
 * Time daemons do the last two.
 * Times are nanoseconds since the epoch. busybox's date has only seconds.
 *
 * clock-steps: prints `watching`, and from then on a line for each step of the wall clock, until it is
 * killed: the step in nanoseconds, measured against CLOCK_BOOTTIME, so it is inexact by the time between two
 * readings. Slewing the clock is not a step. A sleep of the guest counts as a step of about 0
 * if the kernel adds the time of the sleep to its clock (timerfd_resume() in the kernel's fs/timerfd.c).
 */

#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS UINT64_C(1000000000)

static uint64_t read_clock(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time))
		fail_at("clock_gettime");
	return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static uint64_t now(void)
{
	return read_clock(CLOCK_REALTIME);
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

static void adjust(struct timex adjustment)
{
	if (adjtimex(&adjustment) < 0)
		fail_at("adjtimex");
}

int clock_command(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : 0;

	if (argc == 4 && !strcmp(text, "until"))
		until(number(argv[2]), number(argv[3]));
	else if (argc == 3 && !strcmp(text, "tai"))
		adjust((struct timex){ .modes = ADJ_TAI, .constant = (long)number(argv[2]) });
	else if (argc == 3 && !strcmp(text, "tick"))
		adjust((struct timex){ .modes = ADJ_TICK, .tick = (long)number(argv[2]) });
	else if (argc > 2)
		fail("[[+|-]NANOSECONDS], until EARLIEST LATEST, tai SECONDS, or tick MICROSECONDS");
	else if (text && *text == '+')
		set(now() + number(text + 1));
	else if (text && *text == '-')
		set(now() - number(text + 1));
	else if (text)
		set(number(text));
	fprintf(out, "%" PRIu64 "\n", now());
	return 0;
}

static int64_t ahead_of_boot(void)
{
	return (int64_t)(now() - read_clock(CLOCK_BOOTTIME));
}

int clock_steps(int argc, char **argv)
{
	/* It never expires: only a step ends a read(), with ECANCELED. */
	static const struct itimerspec never = { .it_value = { .tv_sec = 1LL << 40 } };
	const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	int64_t ahead, before;
	uint64_t expirations;

	(void)argv;
	if (argc > 1)
		fail("no arguments");
	if (fd < 0 || timerfd_settime(fd, flags, &never, 0))
		fail_at("timerfd");
	before = ahead_of_boot();
	fputs("watching\n", out);
	fflush(out);
	while (read(fd, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED) {
		ahead = ahead_of_boot();
		fprintf(out, "%" PRId64 "\n", ahead - before);
		fflush(out);
		before = ahead;
	}
	fail_at("read of the timer");
}
