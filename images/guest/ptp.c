// SPDX-License-Identifier: ISC
/*
 * ptp DEVICE STEP…: opens a PTP clock (`/dev/ptp0`) for reading and writing, takes the steps in order with that one descriptor, and prints
 * a line for each: the step, then what it gave, or `error N` with the errno. Times are nanoseconds since the epoch.
 *
 *   caps           max_adj n_alarm n_ext_ts n_per_out pps n_pins cross_timestamping adjust_phase (PTP_CLOCK_GETCAPS)
 *   time           the time (clock_gettime)
 *   extended       the system's clock before, the time, the system's clock after (PTP_SYS_OFFSET_EXTENDED, one sample)
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

#define PROGRAM "ptp"
#include "freestanding.h"

enum { SYS_IOCTL = 16, SYS_CLOCK_SETTIME = 227, SYS_CLOCK_GETTIME = 228, SYS_CLOCK_ADJTIME = 305 };
enum { RDWR = 2, STDOUT = 1 };

#define NANOSECONDS 1000000000L

/* _IOC of the kernel: direction, size, type, number. */
enum { WRITES = 1, READS = 2 };
#define REQUEST(direction, number, size) ((long)(direction) << 30 | (long)(size) << 16 | '=' << 8 | (number))

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

#define GETCAPS REQUEST(READS, 1, sizeof(struct capabilities))
#define ENABLE_PPS REQUEST(WRITES, 4, sizeof(int))
#define EXTENDED REQUEST(READS | WRITES, 9, sizeof(struct extended))

enum { ADJ_FREQUENCY = 0x0002, ADJ_SETOFFSET = 0x0100 };

struct timex {
	unsigned int modes;
	long offset, frequency, max_error, estimated_error;
	int status;
	long constant, precision, tolerance;
	struct timespec time; /* a timeval: with ADJ_NANO it would be nanoseconds */
	char rest[256];
};

static char line[8192];
static char *end;

static void say(const char *text)
{
	end = append(end, text);
}

static void say_number(long value)
{
	char digits[24];
	char *last = digits + sizeof(digits) - 1;

	*last = 0;
	say(" ");
	if (value < 0)
		say("-");
	say(digits_before(last, value < 0 ? -(unsigned long)value : (unsigned long)value));
}

static void say_time(const struct clock_time *time)
{
	say_number(time->sec * NANOSECONDS + (long)time->nsec);
}

/* Whether a call failed; then that is what the step gave. */
static int failed(long result)
{
	if (result >= 0)
		return 0;
	say(" error");
	say_number(-result);
	return 1;
}

static void say_ok(long result)
{
	if (!failed(result))
		say(" ok");
}

static void say_capabilities(long fd)
{
	struct capabilities caps = { 0 };

	if (failed(call(SYS_IOCTL, fd, GETCAPS, (long)&caps)))
		return;
	for (int at = 0; at < CAPABILITIES; at++)
		say_number(caps.value[at]);
}

/* The clock of a descriptor: FD_TO_CLOCKID() of the kernel's posix-timers.h. */
static long clock_of(long fd)
{
	return (long)(int)((~(unsigned int)fd << 3) | 3);
}

static void say_clock(long fd)
{
	struct timespec time = { 0 };

	if (!failed(call(SYS_CLOCK_GETTIME, clock_of(fd), (long)&time, 0)))
		say_number(time.sec * NANOSECONDS + time.nsec);
}

static void say_extended(long fd, unsigned long samples)
{
	static struct extended extended;

	if (samples < 1 || samples > MAX_SAMPLES)
		fail("extended:N, 1 to 25");
	extended.samples = (unsigned int)samples;
	if (failed(call(SYS_IOCTL, fd, EXTENDED, (long)&extended)))
		return;
	for (unsigned long at = 0; at < samples; at++)
		for (int part = 0; part < 3; part++)
			say_time(&extended.time[at][part]);
}

static long set(long fd)
{
	struct timespec time = { .sec = 1 };

	return call(SYS_CLOCK_SETTIME, clock_of(fd), (long)&time, 0);
}

static long adjust(long fd, unsigned int modes)
{
	struct timex timex = { .modes = modes, .time = { .sec = 1 } };

	return call(SYS_CLOCK_ADJTIME, clock_of(fd), (long)&timex, 0);
}

static void wait_for_writer(const char *path)
{
	char byte;
	long fifo = call(SYS_OPEN, (long)path, RDONLY | CLOSE_ON_EXEC, 0);

	if (fifo < 0)
		fail(path);
	while (call(SYS_READ, fifo, (long)&byte, 1) > 0)
		;
	call(SYS_CLOSE, fifo, 0, 0);
	say(" ok");
}

static int is(const char *text, const char *word)
{
	return starts(text, word) && !text[length(word)];
}

/* What is behind `word` if the text starts with it, else nothing. */
static const char *after(const char *text, const char *word)
{
	return starts(text, word) ? text + length(word) : 0;
}

static void take(long fd, const char *step)
{
	const char *argument;

	end = append(line, step);
	if (is(step, "caps"))
		say_capabilities(fd);
	else if (is(step, "time"))
		say_clock(fd);
	else if (is(step, "extended"))
		say_extended(fd, 1);
	else if ((argument = after(step, "extended:")))
		say_extended(fd, number(argument));
	else if (is(step, "settime"))
		say_ok(set(fd));
	else if (is(step, "adjtime"))
		say_ok(adjust(fd, ADJ_SETOFFSET));
	else if (is(step, "adjfine"))
		say_ok(adjust(fd, ADJ_FREQUENCY));
	else if (is(step, "pps"))
		say_ok(call(SYS_IOCTL, fd, ENABLE_PPS, 1));
	else if ((argument = after(step, "wait:")))
		wait_for_writer(argument);
	else
		fail(step);
	end = append(end, "\n");
	put(STDOUT, line, end - line);
}

void run(long *stack)
{
	char **argv = (char **)(stack + 1);
	unsigned long times = 1;
	long fd;

	if (stack[0] < 3)
		fail("DEVICE STEP...");
	fd = call(SYS_OPEN, (long)argv[1], RDWR | CLOSE_ON_EXEC, 0);
	if (fd < 0)
		fail(argv[1]);
	for (char **step = argv + 2; *step; step++) {
		const char *repeat = after(*step, "repeat:");

		if (repeat) {
			times = number(repeat);
			continue;
		}
		for (; times > 0; times--)
			take(fd, *step);
		times = 1;
	}
	leave(0);
}
