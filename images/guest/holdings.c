// SPDX-License-Identifier: ISC
/*
 * holdings note [ADDRESS]: writes the kernel resources that drivers hold, except memory, to a new file, one
 * per line, with those of the PCI function at ADDRESS. Prints the name of the file.
 * holdings new FILE [ADDRESS]: prints the resources that are held now and are not in the file, or not as
 * often.
 * Not a shell script, because one took 0.2 s under TCG.
 *
 * Excluded are resources that come and go without a driver: workers, unless they belong to one queue only
 * (`R-`), and the ranges that the PCI core assigns to functions. An interrupt handler is listed without its
 * number, because drivers that resume can change it; so is its thread, if the kernel has one for each
 * handler. The handlers of serial ports are excluded: ports that share an interrupt have one handler, which
 * has the name of the port that was opened first, and after a resume that can be another one.
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

/* Is there only once the PTP core is loaded. */
static const char ptp_clocks[] = "/sys/class/ptp";

/* Longer than any path here. A longer path ends the program instead of being truncated. */
enum { PATH = 512, NAME = 16 };

static char content[1 << 16], noted[1 << 16];

/* The text after the last line that was found. Most lines are in the same order as before. */
static char *expected;

/* The output: the new file, or `out`. */
static FILE *lines;

/* Returns true if the line is between `from` and `to`, and removes it, so that it counts only once. */
static int remove_line(const char *line, char *from, const char *to)
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

	return remove_line(line, from, from + strlen(from)) || remove_line(line, noted, from);
}

static void report(const char *kind, const char *name)
{
	char line[PATH + 64];

	if (snprintf(line, sizeof(line), "%s%s", kind, name) >= (int)sizeof(line))
		fail(name);
	if (!was_noted(line))
		fprintf(lines, "%s\n", line);
}

/* Joins the names of a directory and an entry with a slash. */
static void join(char *to, const char *directory, const char *name)
{
	/* Leaves room for one more name. */
	if (snprintf(to, PATH, "%s/%s", directory, name) >= PATH - NAME)
		fail(name);
}

typedef void visit(const char *directory, const struct dirent *entry);

static void each(const char *path, visit *visitor)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (!directory)
		fail_at(path);
	while ((entry = readdir(directory)))
		if (*entry->d_name != '.')
			visitor(path, entry);
	closedir(directory);
}

/* Reads a file and appends a zero byte. Returns the size, or -1 if the file cannot be read. */
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

/* Ends the text at the first occurrence of `byte`. Returns the text after it, or the end. */
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
	report("", path);
}

static int is_serial_port(const char *name)
{
	return starts(name, "ttyS");
}

static int handlers;

static void handler(const char *directory, const struct dirent *entry)
{
	(void)directory;
	if (entry->d_type != DT_DIR)
		return;
	handlers++;
	if (!is_serial_port(entry->d_name))
		report("interrupt handler ", entry->d_name);
}

/*
 * A handler without a name has no directory; the kernel lists it as (null) elsewhere. That list must not be
 * read for other handlers: their names may be in the memory of a module that was unloaded.
 */
static void interrupt(const char *directory, const struct dirent *entry)
{
	char path[PATH], *next;

	if (entry->d_type != DT_DIR)
		return;
	join(path, "/sys/kernel/irq", entry->d_name);
	strcat(path, "/wakeup");
	if (read_file(path) && starts(content, "enabled"))
		report("interrupt that wakes the guest up, ", entry->d_name);
	join(path, directory, entry->d_name);
	handlers = 0;
	each(path, handler);
	join(path, "/sys/kernel/irq", entry->d_name);
	strcat(path, "/actions");
	if (handlers || !read_file(path))
		return;
	cut(content, '\n');
	for (char *name = content; *name; name = next) {
		next = cut(name, ',');
		report("interrupt handler ", name);
	}
}

/*
 * Lists a child of kthreadd, which is process 2. The line is PID (NAME) STATE PARENT …. A process that is
 * exiting has no memory either, so its parent is the only reliable sign.
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
	if (starts(name, "(irq/") && strchr(name, '-')) {
		*end = 0;
		name = strchr(name, '-') + 1;
		if (!is_serial_port(name))
			report("interrupt thread ", name);
		return;
	}
	end[1] = 0;
	if (!starts(name, "(kworker/") || starts(name, "(kworker/R-"))
		report("kernel thread ", name);
}

/* Returns true if the name begins with a PCI domain and bus, like 0000:00:05.0. */
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

/* Lines are `RANGE : NAME`, indented for a range within another one. */
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
		report("I/O range ", line);
	}
}

static void modules(void)
{
	char *next;

	read_or_fail("/proc/modules");
	for (char *line = content; *line; line = next) {
		next = cut(line, '\n');
		cut(line, ' ');
		report("module ", line);
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
	report("enable count ", content);
}

static void walk(const char *address)
{
	each("/proc/irq", interrupt);
	ranges();
	modules();
	each("/proc", thread);
	for (size_t at = 0; at < sizeof(listed) / sizeof(*listed); at++)
		each(listed[at], list);
	if (!access(ptp_clocks, F_OK))
		each(ptp_clocks, list);
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
