// SPDX-License-Identifier: ISC
/*
 * payload: unpacks the payload disk over the root file system: directories and files, as images/guest/newc.ts writes them. The host
 * writes the disk before each start, also before the restore of a guest that has seen another content: nothing that is cached of it
 * is true. Not blockdev and cpio: with the shell that starts them these took three times as long under TCG.
 */

#define PROGRAM "payload"
#include "freestanding.h"

enum { SYS_IOCTL = 16, SYS_CHDIR = 80, SYS_MKDIR = 83, SYS_UNLINK = 87 };
enum { BLKFLSBUF = 0x1261 };
enum { TYPE = 0170000, DIRECTORY = 0040000, FILE = 0100000 };
enum { EEXIST = 17 };

/* Of a record: the magic, then fields of eight hexadecimal digits. */
enum { MAGIC = 6, FIELD = 8, HEAD = 110 };
enum { MODE = 1, SIZE = 6, NAME_SIZE = 11 };

static const char disk[] = "/dev/payload";

static char buffer[1 << 16];
static long taken, filled, position, fd;

/* What there is of the disk at this place, at most `wish` bytes. */
static char *some(long wish, long *count)
{
	char *at;

	if (taken == filled) {
		filled = call(SYS_READ, fd, (long)buffer, sizeof(buffer));
		taken = 0;
		if (filled <= 0)
			fail("the disk ends within the archive");
	}
	at = buffer + taken;
	*count = filled - taken < wish ? filled - taken : wish;
	taken += *count;
	position += *count;
	return at;
}

static void take(char *to, long count)
{
	while (count > 0) {
		long got;
		const char *from = some(count, &got);

		for (long at = 0; at < got; at++)
			*to++ = from[at];
		count -= got;
	}
}

/* Names and contents begin at multiples of four. */
static void align(void)
{
	char padding[4];

	take(padding, -position & 3);
}

static unsigned long field(const char *head, int index)
{
	const char *at = head + MAGIC + FIELD * index;
	unsigned long value = 0;

	for (int digit = 0; digit < FIELD; digit++) {
		char byte = at[digit];

		value <<= 4;
		if (byte >= '0' && byte <= '9')
			value |= (unsigned long)(byte - '0');
		else if (byte >= 'a' && byte <= 'f')
			value |= (unsigned long)(byte - 'a' + 10);
		else
			fail("no archive");
	}
	return value;
}

static void make_directory(const char *path, unsigned long mode)
{
	long result = call(SYS_MKDIR, (long)path, (long)(mode & 07777), 0);

	if (result && result != -EEXIST)
		fail(path);
}

static void make_file(const char *path, unsigned long mode, long size)
{
	long file;

	call(SYS_UNLINK, (long)path, 0, 0);
	file = call(SYS_OPEN, (long)path, WRONLY | CREATE | TRUNCATE | CLOSE_ON_EXEC, (long)(mode & 07777));
	if (file < 0)
		fail(path);
	while (size > 0) {
		long got;
		const char *from = some(size, &got);

		put((int)file, from, got);
		size -= got;
	}
	call(SYS_CLOSE, file, 0, 0);
}

static int is_trailer(const char *name)
{
	static const char trailer[] = "TRAILER!!!";

	for (unsigned long at = 0; at < sizeof(trailer); at++)
		if (name[at] != trailer[at])
			return 0;
	return 1;
}

void run(long *stack)
{
	char head[HEAD], name[256];

	(void)stack;
	fd = call(SYS_OPEN, (long)disk, RDONLY | CLOSE_ON_EXEC, 0);
	if (fd < 0 || call(SYS_IOCTL, fd, BLKFLSBUF, 0) || call(SYS_CHDIR, (long)"/", 0, 0))
		fail(disk);
	for (;;) {
		unsigned long mode, count;

		take(head, HEAD);
		mode = field(head, MODE);
		count = field(head, NAME_SIZE);
		if (count == 0 || count > sizeof(name))
			fail("a name is too long");
		take(name, (long)count);
		name[count - 1] = 0;
		align();
		if (is_trailer(name))
			leave(0);
		if ((mode & TYPE) == DIRECTORY)
			make_directory(name, mode);
		else if ((mode & TYPE) == FILE)
			make_file(name, mode, (long)field(head, SIZE));
		else
			fail(name);
		align();
	}
}
