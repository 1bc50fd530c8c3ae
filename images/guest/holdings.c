// SPDX-License-Identifier: ISC
/*
 * holdings [ADDRESS]: what drivers hold of the kernel beside memory, a line each, and what they have of the PCI function at ADDRESS.
 * Not a shell script: one took 0.2 s under TCG.
 *
 * Left out is what comes and goes without a driver: workers, unless they belong to one queue alone (`R-`), and the ranges that the
 * PCI core gives to functions. A handler is told without its number, which those of other drivers change in a resume.
 */

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

static char content[1 << 16], output[1 << 16];
static long written;

static void fail(const char *what)
{
	put(2, "holdings: ", 10);
	put(2, what, length(what));
	put(2, "\n", 1);
	leave(1);
}

static void flush(void)
{
	put(1, output, written);
	written = 0;
}

static void tell(const char *kind, const char *what)
{
	if (length(kind) + length(what) + 2 > LINE)
		fail(what);
	if (written + LINE > (long)sizeof(output))
		flush();
	written = append(append(append(output + written, kind), what), "\n") - output;
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

/* Into `content`, with a zero behind it; 0 if it cannot be read. */
static int read_file(const char *path)
{
	long fd = call(SYS_OPEN, (long)path, RDONLY | CLOSE_ON_EXEC, 0), count, filled = 0;

	if (fd < 0)
		return 0;
	while ((count = call(SYS_READ, fd, (long)(content + filled), (long)sizeof(content) - filled)) > 0)
		filled += count;
	call(SYS_CLOSE, fd, 0, 0);
	if (count < 0)
		return 0;
	if (filled == sizeof(content))
		fail(path);
	content[filled] = 0;
	return 1;
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

static int starts(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return 0;
	return 1;
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

void run(long *stack)
{
	char **argv = (char **)(stack + 1);

	each("/proc/irq", interrupt);
	ranges();
	modules();
	each("/proc", thread);
	for (unsigned long at = 0; at < sizeof(listed) / sizeof(*listed); at++)
		each(listed[at], list);
	if (stack[0] > 1)
		function(argv[1]);
	flush();
	leave(0);
}
