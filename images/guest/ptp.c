// SPDX-License-Identifier: ISC
/*
 * ptp DEVICE STEP…: opens a PTP clock (`/dev/ptp0`) for reading and writing, performs the steps in order on
 * that descriptor, and prints a line for each: the step, then its result, or `error N` with the errno. Times
 * are nanoseconds since the epoch.
 *
 *   caps           max_adj n_alarm n_ext_ts n_per_out pps n_pins cross_timestamping adjust_phase
 *                  (PTP_CLOCK_GETCAPS)
 *   time           the time (clock_gettime)
 *   extended       the system clock before, the time, the system clock after
 *                  (PTP_SYS_OFFSET_EXTENDED, one sample)
 *   extended:N     N such triples, 1 to 25
 *   monotonic      one such triple, with the monotonic clock, which Linux can from 6.12 on
 *   settime        `ok` if the clock could be set (clock_settime)
 *   adjtime        `ok` if the clock could be stepped by one second (clock_adjtime with ADJ_SETOFFSET)
 *   adjfine        `ok` if the frequency could be changed by 0 (clock_adjtime with ADJ_FREQUENCY)
 *   pps            `ok` if the clock could send events to the kernel's PPS (PTP_ENABLE_PPS)
 *   repeat:N       performs the next step N times
 *   wait:FIFO      waits until another process has opened the FIFO for writing and closed it
 *
 * Structures and numbers are from the kernel's include/uapi/linux/ptp_clock.h and timex.h.
 */

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS INT64_C(1000000000)

enum { MAX_SAMPLES = 25, CAPABILITIES = 8 };

struct capabilities {
	int value[20];
};

struct clock_time {
	int64_t sec;
	unsigned int nsec;
	unsigned int reserved;
};

struct extended {
	unsigned int samples;
	clockid_t clock; /* reserved, and 0, before Linux 6.12 */
	unsigned int reserved[2];
	struct clock_time time[MAX_SAMPLES][3];
};

#define GETCAPS _IOR('=', 1, struct capabilities)
#define ENABLE_PPS _IOW('=', 4, int)
#define EXTENDED _IOWR('=', 9, struct extended)

static void print_number(int64_t value)
{
	fprintf(out, " %" PRId64, value);
}

static void print_time(const struct clock_time *time)
{
	print_number(time->sec * NANOSECONDS + time->nsec);
}

/* Returns true if a call failed, and prints the errno as the step's result. */
static int failed(int result)
{
	if (result >= 0)
		return 0;
	fprintf(out, " error %d", errno);
	return 1;
}

static void print_ok(int result)
{
	if (!failed(result))
		fputs(" ok", out);
}

static void print_capabilities(int fd)
{
	struct capabilities caps = { 0 };

	if (failed(ioctl(fd, GETCAPS, &caps)))
		return;
	for (int at = 0; at < CAPABILITIES; at++)
		print_number(caps.value[at]);
}

/* The clock id of a descriptor: FD_TO_CLOCKID() in the kernel's posix-timers.h. */
static clockid_t clock_of(int fd)
{
	return (clockid_t)((~(unsigned int)fd << 3) | 3);
}

static void print_clock(int fd)
{
	struct timespec time = { 0 };

	if (!failed(clock_gettime(clock_of(fd), &time)))
		print_number(time.tv_sec * NANOSECONDS + time.tv_nsec);
}

static void print_extended(int fd, uint64_t samples, clockid_t clock)
{
	struct extended extended = { .clock = clock };

	if (samples < 1 || samples > MAX_SAMPLES)
		fail("extended:N, 1 to 25");
	extended.samples = (unsigned int)samples;
	if (failed(ioctl(fd, EXTENDED, &extended)))
		return;
	for (uint64_t at = 0; at < samples; at++)
		for (int part = 0; part < 3; part++)
			print_time(&extended.time[at][part]);
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

/* Returns the text after `word`, or null if the text does not begin with it. */
static const char *after(const char *text, const char *word)
{
	return starts(text, word) ? text + strlen(word) : 0;
}

static void take_step(int fd, const char *step)
{
	const char *argument;

	fputs(step, out);
	if (!strcmp(step, "caps"))
		print_capabilities(fd);
	else if (!strcmp(step, "time"))
		print_clock(fd);
	else if (!strcmp(step, "extended"))
		print_extended(fd, 1, CLOCK_REALTIME);
	else if ((argument = after(step, "extended:")))
		print_extended(fd, number(argument), CLOCK_REALTIME);
	else if (!strcmp(step, "monotonic"))
		print_extended(fd, 1, CLOCK_MONOTONIC);
	else if (!strcmp(step, "settime"))
		print_ok(set(fd));
	else if (!strcmp(step, "adjtime"))
		print_ok(adjust(fd, ADJ_SETOFFSET));
	else if (!strcmp(step, "adjfine"))
		print_ok(adjust(fd, ADJ_FREQUENCY));
	else if (!strcmp(step, "pps"))
		print_ok(ioctl(fd, ENABLE_PPS, 1));
	else if ((argument = after(step, "wait:")))
		wait_for_writer(argument);
	else
		fail(step);
	fputs("\n", out);
	fflush(out);
}

int ptp(int argc, char **argv)
{
	uint64_t times = 1;
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
