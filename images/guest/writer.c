// SPDX-License-Identifier: ISC
/*
 * writer file PATH HOW SEED BYTES: writes a file whose content is computed from SEED, as in
 * harness/guest/written-content.ts.
 * writer records PATH HOW MINIMUM: appends the numbers from 1 on, one per line. Ends when MINIMUM of them are
 * acknowledged; a child process continues until the guest ends.
 *
 * A write is acknowledged after write(2) (HOW is `plain`) or after fsync(2) (`synced`). Not a shell script,
 * because under TCG one took more than a second for a file of one mebibyte, most of it in head(1) and
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

/* xorshift32 (Marsaglia 2003; 13, 17, 5): each state is a word of the file, in little-endian order. */
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

static void records(unsigned long minimum)
{
	/* Leaves CPU time to the rest of the guest, and does not fill the disk. */
	static const struct timespec pause = { .tv_nsec = 5000000 };
	unsigned long next = 1;
	pid_t child;

	for (; next <= minimum; next++)
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
		fail("file PATH HOW SEED BYTES, or records PATH HOW MINIMUM");
	path = argv[2];
	is_synced = !strcmp(argv[3], "synced");
	if (!is_synced && strcmp(argv[3], "plain"))
		fail(argv[3]);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		fail_at(path);
	if (is_file)
		file((uint32_t)number(argv[4]), (unsigned long)number(argv[5]));
	else
		records((unsigned long)number(argv[4]));
	return 0;
}
