// SPDX-License-Identifier: ISC
/*
 * holdings note [ADDRESS]: what drivers hold of the kernel beside memory goes into a new file, a line each,
 * and what they have of the PCI function at ADDRESS. Prints the file's name.
 * holdings new FILE [ADDRESS]: prints what they hold now and the file has not, or has not as often.
 * Not a shell script: one took 0.2 s under TCG.
 *
 * Left out is what comes and goes without a driver: workers, unless they belong to one queue alone (`R-`),
 * and the ranges that the PCI core gives to functions. A handler is told without its number, which those of
 * other drivers change in a resume.
 */

#include "command.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const listed[] = {
	"/sys/bus/virtio/devices", "/sys/bus/virtio/drivers", "/sys/bus/pci/drivers", "/sys/module",
	"/sys/bus/workqueue/devices", "/proc/sys", "/proc/sys/dev",
};

/* Longer than any path here; what does not fit ends the program rather than being cut. */
enum { PATH = 512, NAME = 16 };

static char content[1 << 16], noted[1 << 16];

/* Behind the line that was found last: mostly the order is that of then. */
static char *expected;

/* Where the lines go: to the file, or out. */
static FILE *lines;

/* Whether the line is one of those from `from` on, before `to`; then it counts no more. */
static int strike(const char *line, char *from, const char *to)
{
	size_t size = strlen(line);

	for (char *at = from; at < to; at = strchr(at, '\n') + 1)
		if (!strncmp(at, line, size) && at[size] == '\n') {
			*at = 1;
			expected = at + size + 1;
			return 1;
		}
	return 0;
}

static int was_noted(const char *line)
{
	char *from = expected;

	return strike(line, from, from + strlen(from)) || strike(line, noted, from);
}

static void tell(const char *kind, const char *what)
{
	char line[PATH + 64];

	if (snprintf(line, sizeof(line), "%s%s", kind, what) >= (int)sizeof(line))
		fail(what);
	if (!was_noted(line))
		fprintf(lines, "%s\n", line);
}

/* The directory's name, a slash, the entry's name. */
static void join(char *to, const char *directory, const char *name)
{
	/* There is room for another name behind it. */
	if (snprintf(to, PATH, "%s/%s", directory, name) >= PATH - NAME)
		fail(name);
}

typedef void visit(const char *directory, const struct dirent *entry);

static void each(const char *path, visit *see)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (!directory)
		fail_at(path);
	while ((entry = readdir(directory)))
		if (*entry->d_name != '.')
			see(path, entry);
	closedir(directory);
}

/* Its size, with a zero behind it; -1 if it cannot be read. */
static ssize_t read_into(char *to, size_t room, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count;
	size_t filled = 0;

	if (fd < 0)
		return -1;
	while ((count = read(fd, to + filled, room - filled)) > 0)
		filled += (size_t)count;
	close(fd);
	if (count < 0)
		return -1;
	if (filled == room)
		fail(path);
	to[filled] = 0;
	return (ssize_t)filled;
}

static int read_file(const char *path)
{
	return read_into(content, sizeof(content), path) >= 0;
}

static void read_or_fail(const char *path)
{
	if (!read_file(path))
		fail_at(path);
}

/* Ends the text at the first of that byte; what is behind it, or its end. */
static char *cut(char *text, char byte)
{
	text = strchrnul(text, byte);
	if (*text)
		*text++ = 0;
	return text;
}

static void list(const char *directory, const struct dirent *entry)
{
	char path[PATH];

	join(path, directory, entry->d_name);
	tell("", path);
}

static void handler(const char *directory, const struct dirent *entry)
{
	(void)directory;
	if (entry->d_type == DT_DIR)
		tell("interrupt handler ", entry->d_name);
}

static void interrupt(const char *directory, const struct dirent *entry)
{
	char path[PATH];

	if (entry->d_type != DT_DIR)
		return;
	join(path, directory, entry->d_name);
	each(path, handler);
}

/*
 * PID (NAME) STATE PARENT …: of the children of kthreadd, the second process. A program that just ends has no
 * more memory than they have.
 */
static void thread(const char *directory, const struct dirent *entry)
{
	char path[PATH], *name, *end;

	if (*entry->d_name < '0' || *entry->d_name > '9')
		return;
	join(path, directory, entry->d_name);
	strcat(path, "/stat");
	if (!read_file(path))
		return;
	name = cut(content, ' ');
	end = strrchr(name, ')');
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

	for (size_t at = 0; form[at]; at++) {
		int is_digit = (name[at] >= '0' && name[at] <= '9') || (name[at] >= 'a' && name[at] <= 'f');

		if (form[at] == 'x' ? !is_digit : name[at] != form[at])
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
	char path[PATH];

	join(path, "/sys/devices/pci0000:00", address);
	each(path, list);
	strcat(path, "/enable");
	read_or_fail(path);
	cut(content, '\n');
	tell("enable count ", content);
}

static void walk(const char *address)
{
	each("/proc/irq", interrupt);
	ranges();
	modules();
	each("/proc", thread);
	for (size_t at = 0; at < sizeof(listed) / sizeof(*listed); at++)
		each(listed[at], list);
	if (address)
		function(address);
}

static void note(const char *address)
{
	char path[] = "/run/held.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	lines = fd < 0 ? 0 : fdopen(fd, "w");
	if (!lines)
		fail_at(path);
	walk(address);
	if (fclose(lines))
		fail_at(path);
	fprintf(out, "%s\n", path);
}

static void compare(const char *path, const char *address)
{
	ssize_t size = read_into(noted, sizeof(noted), path);

	if (size < 0)
		fail_at(path);
	if (size > 0 && noted[size - 1] != '\n')
		fail(path);
	lines = out;
	walk(address);
}

int holdings(int argc, char **argv)
{
	*noted = 0;
	expected = noted;
	if (argc > 1 && argc < 4 && !strcmp(argv[1], "note"))
		note(argv[2]);
	else if (argc > 2 && argc < 5 && !strcmp(argv[1], "new"))
		compare(argv[2], argv[3]);
	else
		fail("note [ADDRESS], or new FILE [ADDRESS]");
	return 0;
}
