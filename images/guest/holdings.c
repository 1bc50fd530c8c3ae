// SPDX-License-Identifier: ISC
/*
 * holdings note FILE [ADDRESS]: what drivers hold of the kernel beside memory goes into the file, a line each, and what they have of the PCI
 * function at ADDRESS.
 * holdings new FILE [ADDRESS]: prints what they hold now and the file has not, or has not as often.
 * Not a shell script: one took 0.2 s under TCG.
 *
 * Left out is what comes and goes without a driver: workers, unless they belong to one queue alone (`R-`), and the ranges that the
 * PCI core gives to functions. A handler is told without its number, which those of other drivers change in a resume.
 */

#define PROGRAM "holdings"
#include "freestanding.h"

enum { SYS_GETDENTS64 = 217 };
enum { DT_DIR = 4 };

struct entry {
	unsigned long inode;
	long offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static const char *const listed[] = {
	"/sys/bus/virtio/devices", "/sys/bus/virtio/drivers", "/sys/bus/pci/drivers", "/sys/module",
	"/sys/bus/workqueue/devices", "/proc/sys", "/proc/sys/dev",
};

/* Longer than any path or line here; what does not fit ends the program rather than being cut. */
enum { LINE = 512 };

static char content[1 << 16], output[1 << 16], noted[1 << 16];
static long written, noted_size;
static int output_fd = 1;

static void flush(void)
{
	put(output_fd, output, written);
	written = 0;
}

/* Whether the line from `from` on, a newline at its end, is one of those in the part of what was noted; then it counts no more. */
static int strike(const char *line, long from, long to, long *behind)
{
	for (long at = from; at < to; at++) {
		int same = noted[at] && starts(noted + at, line);

		if (same)
			noted[at] = 0;
		while (noted[at] != '\n')
			at++;
		if (same) {
			*behind = at + 1;
			return 1;
		}
	}
	return 0;
}

/* Mostly the order is that of then: the search goes on where it has found the last one. */
static int was_noted(const char *line)
{
	static long next;

	return strike(line, next, noted_size, &next) || strike(line, 0, next, &next);
}

static void tell(const char *kind, const char *what)
{
	char *line, *end;

	if (length(kind) + length(what) + 2 > LINE)
		fail(what);
	if (written + LINE > (long)sizeof(output))
		flush();
	line = output + written;
	end = append(append(append(line, kind), what), "\n");
	if (!was_noted(line))
		written = end - output;
}

/* The directory's name, a slash, the entry's name. */
static void join(char *to, const char *directory, const char *name)
{
	if (length(directory) + length(name) + 2 > LINE)
		fail(name);
	append(append(append(to, directory), "/"), name);
}

typedef void visit(const char *directory, const struct entry *entry);

static void each(const char *directory, visit *see)
{
	char entries[4096];
	long fd = call(SYS_OPEN, (long)directory, RDONLY | CLOSE_ON_EXEC, 0), count;

	if (fd < 0)
		fail(directory);
	while ((count = call(SYS_GETDENTS64, fd, (long)entries, sizeof(entries))) > 0)
		for (long at = 0; at < count;) {
			const struct entry *entry = (const struct entry *)(entries + at);

			if (entry->name[0] != '.')
				see(directory, entry);
			at += entry->length;
		}
	if (count < 0)
		fail(directory);
	call(SYS_CLOSE, fd, 0, 0);
}

/* Its size, with a zero behind it; -1 if it cannot be read. */
static long read_into(char *to, long room, const char *path)
{
	long fd = call(SYS_OPEN, (long)path, RDONLY | CLOSE_ON_EXEC, 0), count, filled = 0;

	if (fd < 0)
		return -1;
	while ((count = call(SYS_READ, fd, (long)(to + filled), room - filled)) > 0)
		filled += count;
	call(SYS_CLOSE, fd, 0, 0);
	if (count < 0)
		return -1;
	if (filled == room)
		fail(path);
	to[filled] = 0;
	return filled;
}

static int read_file(const char *path)
{
	return read_into(content, sizeof(content), path) >= 0;
}

static void read_or_fail(const char *path)
{
	if (!read_file(path))
		fail(path);
}

/* Ends the text at the first of that byte; what is behind it, or its end. */
static char *cut(char *text, char byte)
{
	while (*text && *text != byte)
		text++;
	if (*text)
		*text++ = 0;
	return text;
}

static void list(const char *directory, const struct entry *entry)
{
	char path[LINE];

	join(path, directory, entry->name);
	tell("", path);
}

static void handler(const char *directory, const struct entry *entry)
{
	(void)directory;
	if (entry->type == DT_DIR)
		tell("interrupt handler ", entry->name);
}

static void interrupt(const char *directory, const struct entry *entry)
{
	char path[LINE];

	if (entry->type != DT_DIR)
		return;
	join(path, directory, entry->name);
	each(path, handler);
}

/* PID (NAME) STATE PARENT …: of the children of kthreadd, the second process. A program that just ends has no more memory than they have. */
static void thread(const char *directory, const struct entry *entry)
{
	char path[LINE], *name, *end = 0;

	if (entry->name[0] < '0' || entry->name[0] > '9')
		return;
	join(path, directory, entry->name);
	append(path + length(path), "/stat");
	if (!read_file(path))
		return;
	name = cut(content, ' ');
	for (char *at = name; *at; at++)
		if (*at == ')')
			end = at;
	if (!end || !starts(end + 4, "2 "))
		return;
	end[1] = 0;
	if (!starts(name, "(kworker/") || starts(name, "(kworker/R-"))
		tell("kernel thread ", name);
}

/* The domain, the bus and so on of a function's name: 0000:00:05.0. */
static int is_function(const char *name)
{
	static const char form[] = "xxxx:xx:";

	for (long at = 0; form[at]; at++) {
		int digit = (name[at] >= '0' && name[at] <= '9') || (name[at] >= 'a' && name[at] <= 'f');

		if (form[at] == 'x' ? !digit : name[at] != form[at])
			return 0;
	}
	return 1;
}

/* `  RANGE : NAME`, further in for a range within another. */
static void ranges(void)
{
	char *next;

	read_or_fail("/proc/ioports");
	for (char *line = content; *line; line = next) {
		char *name;

		next = cut(line, '\n');
		while (*line == ' ')
			line++;
		name = cut(line, ' ');
		if (is_function(name + 2))
			continue;
		name[-1] = ' ';
		tell("I/O range ", line);
	}
}

static void modules(void)
{
	char *next;

	read_or_fail("/proc/modules");
	for (char *line = content; *line; line = next) {
		next = cut(line, '\n');
		cut(line, ' ');
		tell("module ", line);
	}
}

static void function(const char *address)
{
	char path[LINE];

	join(path, "/sys/devices/pci0000:00", address);
	each(path, list);
	append(path + length(path), "/enable");
	read_or_fail(path);
	cut(content, '\n');
	tell("enable count ", content);
}

static void note_in(const char *path)
{
	output_fd = (int)call(SYS_OPEN, (long)path, WRONLY | CREATE | TRUNCATE | CLOSE_ON_EXEC, 0600);
	if (output_fd < 0)
		fail(path);
}

static void compare_with(const char *path)
{
	noted_size = read_into(noted, sizeof(noted), path);
	if (noted_size < 0 || (noted_size > 0 && noted[noted_size - 1] != '\n'))
		fail(path);
}

void run(long *stack)
{
	char **argv = (char **)(stack + 1);

	if (stack[0] < 3)
		fail("note or new, FILE [ADDRESS]");
	if (starts(argv[1], "note"))
		note_in(argv[2]);
	else
		compare_with(argv[2]);
	each("/proc/irq", interrupt);
	ranges();
	modules();
	each("/proc", thread);
	for (unsigned long at = 0; at < sizeof(listed) / sizeof(*listed); at++)
		each(listed[at], list);
	if (stack[0] > 3)
		function(argv[3]);
	flush();
	leave(0);
}
