// SPDX-License-Identifier: ISC
/*
 * payload: unpacks the payload disk over the root file system: directories and files, as written by
 * images/guest/newc.ts. The host writes the disk before each start, even before it restores a guest that has
 * read other content, so all cached blocks are dropped. The events of devices that were plugged in before
 * must not find the modules that it unpacks, so it waits for these first. Not blockdev and cpio, because with
 * their shell these took three times as long under TCG.
 */

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A record begins with a magic number and fields of eight hexadecimal digits. */
enum { MAGIC = 6, FIELD = 8, HEAD = 110 };
enum { MODE = 1, SIZE = 6, NAME_SIZE = 11 };

static const char disk[] = "/dev/payload";

static char buffer[1 << 16];
static size_t taken, filled, position;
static int fd;

/* Returns available data at the current position, at most `limit` bytes. */
static char *read_some(size_t limit, size_t *count)
{
	char *at;

	if (taken == filled) {
		ssize_t got = read(fd, buffer, sizeof(buffer));

		if (got < 0)
			fail_at(disk);
		if (got == 0)
			fail("the disk ends within the archive");
		filled = (size_t)got;
		taken = 0;
	}
	at = buffer + taken;
	*count = filled - taken < limit ? filled - taken : limit;
	taken += *count;
	position += *count;
	return at;
}

static void take(char *to, size_t count)
{
	while (count > 0) {
		size_t got;
		const char *from = read_some(count, &got);

		memcpy(to, from, got);
		to += got;
		count -= got;
	}
}

/* Names and contents begin at multiples of four bytes. */
static void align(void)
{
	char padding[4];

	take(padding, -position & 3);
}

static uint32_t field(const char *head, int index)
{
	char digits[FIELD + 1] = { 0 };

	memcpy(digits, head + MAGIC + FIELD * index, FIELD);
	if (strspn(digits, "0123456789abcdef") != FIELD)
		fail("the disk does not have a valid archive");
	return (uint32_t)strtoul(digits, 0, 16);
}

static void make_directory(const char *path, mode_t mode)
{
	if (mkdir(path, mode & 07777) && errno != EEXIST)
		fail_at(path);
}

static void write_out(int file, const char *path, const char *data, size_t count)
{
	while (count > 0) {
		ssize_t done = write(file, data, count);

		if (done <= 0)
			fail_at(path);
		data += done;
		count -= (size_t)done;
	}
}

static void make_file(const char *path, mode_t mode, size_t size)
{
	int file;

	unlink(path);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 07777);
	if (file < 0)
		fail_at(path);
	while (size > 0) {
		size_t got;
		const char *from = read_some(size, &got);

		write_out(file, path, from, got);
		size -= got;
	}
	close(file);
}

/* Returns false at the end of the archive. */
static int unpack_record(void)
{
	char head[HEAD], name[256];
	mode_t mode;
	size_t count;

	take(head, HEAD);
	mode = field(head, MODE);
	count = field(head, NAME_SIZE);
	if (count == 0 || count > sizeof(name))
		fail("a name is too long");
	take(name, count);
	name[count - 1] = 0;
	align();
	if (!strcmp(name, "TRAILER!!!"))
		return 0;
	if (S_ISDIR(mode))
		make_directory(name, mode);
	else if (S_ISREG(mode))
		make_file(name, mode, field(head, SIZE));
	else
		fail("neither a directory nor a file");
	align();
	return 1;
}

int payload(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	settle_uevents();
	taken = filled = position = 0;
	fd = open(disk, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, BLKFLSBUF, 0) || chdir("/"))
		fail_at(disk);
	while (unpack_record())
		;
	close(fd);
	return 0;
}
