// SPDX-License-Identifier: ISC
/*
 * ptp DEVICE STEP…: opens a PTP clock (`/dev/ptp0`) for reading and writing, takes the steps in order with
 * that one descriptor, and prints a line for each: the step, then what it gave, or `error N` with the errno.
 * Times are nanoseconds since the epoch.
 *
 *   caps           max_adj n_alarm n_ext_ts n_per_out pps n_pins cross_timestamping adjust_phase
 *                  (PTP_CLOCK_GETCAPS)
 *   time           the time (clock_gettime)
 *   extended       the system's clock before, the time, the system's clock after
 *                  (PTP_SYS_OFFSET_EXTENDED, one sample)
 *   extended:N     N such triples, 1 to 25
 *   settime        `ok` if the clock could be set (clock_settime)
 *   adjtime        the same, for a step of one second (clock_adjtime with ADJ_SETOFFSET)
 *   adjfine        the same, for a change of the frequency by nothing (clock_adjtime with ADJ_FREQUENCY)
 *   pps            the same, for events of the clock to the kernel's PPS (PTP_ENABLE_PPS)
 *   repeat:N       takes the next step N times
 *   wait:FIFO      waits until somebody has opened the FIFO for writing and closed it
 *
 * The structures and numbers are those of the kernel's include/uapi/linux/ptp_clock.h and timex.h.
 */

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000L

enum { MAX_SAMPLES = 25, CAPABILITIES = 8 };

struct capabilities {
	int value[20];
};

struct clock_time {
	long sec;
	unsigned int nsec;
	unsigned int reserved;
};

struct extended {
	unsigned int samples;
	unsigned int reserved[3];
	struct clock_time time[MAX_SAMPLES][3];
};

#define GETCAPS _IOR('=', 1, struct capabilities)
#define ENABLE_PPS _IOW('=', 4, int)
#define EXTENDED _IOWR('=', 9, struct extended)

static void say_number(long value)
{
	fprintf(out, " %ld", value);
}

static void say_time(const struct clock_time *time)
{
	say_number(time->sec * NANOSECONDS + (long)time->nsec);
}

/* Whether a call failed; then that is what the step gave. */
static int failed(int result)
{
	if (result >= 0)
		return 0;
	fprintf(out, " error %d", errno);
	return 1;
}

static void say_ok(int result)
{
	if (!failed(result))
		fputs(" ok", out);
}

static void say_capabilities(int fd)
{
	struct capabilities caps = { 0 };

	if (failed(ioctl(fd, GETCAPS, &caps)))
		return;
	for (int at = 0; at < CAPABILITIES; at++)
		say_number(caps.value[at]);
}

/* The clock of a descriptor: FD_TO_CLOCKID() of the kernel's posix-timers.h. */
static clockid_t clock_of(int fd)
{
	return (clockid_t)((~(unsigned int)fd << 3) | 3);
}

static void say_clock(int fd)
{
	struct timespec time = { 0 };

	if (!failed(clock_gettime(clock_of(fd), &time)))
		say_number(time.tv_sec * NANOSECONDS + time.tv_nsec);
}

static void say_extended(int fd, unsigned long samples)
{
	struct extended extended = { 0 };

	if (samples < 1 || samples > MAX_SAMPLES)
		fail("extended:N, 1 to 25");
	extended.samples = (unsigned int)samples;
	if (failed(ioctl(fd, EXTENDED, &extended)))
		return;
	for (unsigned long at = 0; at < samples; at++)
		for (int part = 0; part < 3; part++)
			say_time(&extended.time[at][part]);
}

static int set(int fd)
{
	struct timespec time = { .tv_sec = 1 };

	return clock_settime(clock_of(fd), &time);
}

static int adjust(int fd, unsigned int modes)
{
	struct timex timex = { .modes = modes, .time = { .tv_sec = 1 } };

	return clock_adjtime(clock_of(fd), &timex);
}

static void wait_for_writer(const char *path)
{
	char byte;
	int fifo = open(path, O_RDONLY | O_CLOEXEC);

	if (fifo < 0)
		fail_at(path);
	while (read(fifo, &byte, 1) > 0)
		;
	close(fifo);
	fputs(" ok", out);
}

/* What is behind `word` if the text starts with it, else nothing. */
static const char *after(const char *text, const char *word)
{
	return starts(text, word) ? text + strlen(word) : 0;
}

static void take_step(int fd, const char *step)
{
	const char *argument;

	fputs(step, out);
	if (!strcmp(step, "caps"))
		say_capabilities(fd);
	else if (!strcmp(step, "time"))
		say_clock(fd);
	else if (!strcmp(step, "extended"))
		say_extended(fd, 1);
	else if ((argument = after(step, "extended:")))
		say_extended(fd, number(argument));
	else if (!strcmp(step, "settime"))
		say_ok(set(fd));
	else if (!strcmp(step, "adjtime"))
		say_ok(adjust(fd, ADJ_SETOFFSET));
	else if (!strcmp(step, "adjfine"))
		say_ok(adjust(fd, ADJ_FREQUENCY));
	else if (!strcmp(step, "pps"))
		say_ok(ioctl(fd, ENABLE_PPS, 1));
	else if ((argument = after(step, "wait:")))
		wait_for_writer(argument);
	else
		fail(step);
	fputs("\n", out);
	fflush(out);
}

int ptp(int argc, char **argv)
{
	unsigned long times = 1;
	int fd;

	if (argc < 3)
		fail("DEVICE STEP...");
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail_at(argv[1]);
	for (char **step = argv + 2; *step; step++) {
		const char *repeat = after(*step, "repeat:");

		if (repeat) {
			times = number(repeat);
			continue;
		}
		for (; times > 0; times--)
			take_step(fd, *step);
		times = 1;
	}
	close(fd);
	return 0;
}
