// SPDX-License-Identifier: ISC
/*
 * writer file PATH HOW SEED BYTES: writes a file whose content SEED tells, which harness/guest/written-content.ts makes too.
 * writer records PATH HOW LEAST: appends the numbers from 1 on, a line each; ends when LEAST of them are acknowledged, and a child goes
 * on until the guest's end.
 *
 * A write is acknowledged when the kernel has it (HOW is `plain`), or with fsync(2) (`synced`). Not a shell script: one took more than a
 * second for a file of a mebibyte under TCG, most of it in head(1) and sha256sum(1).
 */

#define PROGRAM "writer"
#include "freestanding.h"

enum { SYS_NANOSLEEP = 35, SYS_FORK = 57, SYS_FSYNC = 74 };
enum { APPEND = 02000 };
enum { BLOCK = 1 << 16 };

static const char *path;
static int fd, is_synced;

static int equal(const char *one, const char *other)
{
	while (*one && *one == *other)
		one++, other++;
	return *one == *other;
}

static void write_out(const char *data, long count)
{
	while (count > 0) {
		long done = call(SYS_WRITE, fd, (long)data, count);

		if (done <= 0)
			fail(path);
		data += done;
		count -= done;
	}
}

static void acknowledge(void)
{
	if (is_synced && call(SYS_FSYNC, fd, 0, 0))
		fail(path);
}

/* xorshift32 (Marsaglia 2003; 13, 17, 5): each state is a word of the file, the lowest byte first. */
static void file(unsigned int state, unsigned long bytes)
{
	static unsigned int block[BLOCK / sizeof(unsigned int)];

	while (bytes > 0) {
		unsigned long count = bytes < BLOCK ? bytes : BLOCK;

		for (unsigned long at = 0; at < sizeof(block) / sizeof(*block); at++) {
			state ^= state << 13;
			state ^= state >> 17;
			state ^= state << 5;
			block[at] = state;
		}
		write_out((const char *)block, (long)count);
		bytes -= count;
	}
	acknowledge();
}

static void record(unsigned long count)
{
	char line[24];
	char *end = line + sizeof(line), *begin = digits_before(end - 1, count);

	end[-1] = '\n';
	write_out(begin, end - begin);
	acknowledge();
}

static void records(unsigned long least)
{
	/* The guest has other things to do as well, and the disk an end. */
	static const struct timespec pause = { .nsec = 5000000 };
	unsigned long next = 1;
	long child;

	for (; next <= least; next++)
		record(next);
	child = call(SYS_FORK, 0, 0, 0);
	if (child < 0)
		fail("fork");
	if (child > 0)
		leave(0);
	for (;; next++) {
		record(next);
		call(SYS_NANOSLEEP, (long)&pause, 0, 0);
	}
}

void run(long *stack)
{
	char **argv = (char **)(stack + 1);
	long count = stack[0];
	int is_file = count > 1 && equal(argv[1], "file");

	if (count != (is_file ? 6 : 5) || (!is_file && !equal(argv[1], "records")))
		fail("file PATH HOW SEED BYTES, or records PATH HOW LEAST");
	path = argv[2];
	is_synced = equal(argv[3], "synced");
	if (!is_synced && !equal(argv[3], "plain"))
		fail(argv[3]);
	fd = (int)call(SYS_OPEN, (long)path, WRONLY | CREATE | TRUNCATE | APPEND | CLOSE_ON_EXEC, 0644);
	if (fd < 0)
		fail(path);
	if (is_file)
		file((unsigned int)number(argv[4]), number(argv[5]));
	else
		records(number(argv[4]));
	leave(0);
}
