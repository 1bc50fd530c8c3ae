// SPDX-License-Identifier: ISC
/*
 * writer file PATH HOW SEED BYTES: writes a file whose content SEED tells, which
 * harness/guest/written-content.ts makes too.
 * writer records PATH HOW LEAST: appends the numbers from 1 on, a line each; ends when LEAST of them are
 * acknowledged, and a child goes on until the guest's end.
 *
 * A write is acknowledged when the kernel has it (HOW is `plain`), or with fsync(2) (`synced`). Not a shell
 * script: one took more than a second for a file of a mebibyte under TCG, most of it in head(1) and
 * sha256sum(1).
 */

#include "command.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1 << 16 };

static const char *path;
static int fd, is_synced;

static void write_out(const void *data, size_t count)
{
	const char *at = data;

	while (count > 0) {
		ssize_t done = write(fd, at, count);

		if (done <= 0)
			fail_at(path);
		at += done;
		count -= (size_t)done;
	}
}

static void acknowledge(void)
{
	if (is_synced && fsync(fd))
		fail_at(path);
}

/* xorshift32 (Marsaglia 2003; 13, 17, 5): each state is a word of the file, the lowest byte first. */
static void file(uint32_t state, unsigned long bytes)
{
	static uint32_t block[BLOCK / sizeof(uint32_t)];

	while (bytes > 0) {
		unsigned long count = bytes < BLOCK ? bytes : BLOCK;

		for (size_t at = 0; at < sizeof(block) / sizeof(*block); at++) {
			state ^= state << 13;
			state ^= state >> 17;
			state ^= state << 5;
			block[at] = state;
		}
		write_out(block, count);
		bytes -= count;
	}
	acknowledge();
}

static void record(unsigned long count)
{
	char line[24];

	write_out(line, (size_t)snprintf(line, sizeof(line), "%lu\n", count));
	acknowledge();
}

static void records(unsigned long least)
{
	/* The guest has other things to do as well, and the disk an end. */
	static const struct timespec pause = { .tv_nsec = 5000000 };
	unsigned long next = 1;
	pid_t child;

	for (; next <= least; next++)
		record(next);
	child = fork();
	if (child < 0)
		fail_at("fork");
	if (child > 0)
		return;
	for (;; next++) {
		record(next);
		nanosleep(&pause, 0);
	}
}

int writer(int argc, char **argv)
{
	int is_file = argc > 1 && !strcmp(argv[1], "file");

	if (argc != (is_file ? 6 : 5) || (!is_file && strcmp(argv[1], "records")))
		fail("file PATH HOW SEED BYTES, or records PATH HOW LEAST");
	path = argv[2];
	is_synced = !strcmp(argv[3], "synced");
	if (!is_synced && strcmp(argv[3], "plain"))
		fail(argv[3]);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		fail_at(path);
	if (is_file)
		file((uint32_t)number(argv[4]), number(argv[5]));
	else
		records(number(argv[4]));
	return 0;
}
