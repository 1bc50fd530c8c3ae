// SPDX-License-Identifier: ISC
/*
 * kernel-log MARK: prints the kernel's taint from /proc/sys/kernel/tainted, then its log from the first line
 * that contains MARK.
 * log-lines TEXT…: prints the lines of the kernel's log that contain one of the texts, with their levels.
 * Not cat, dmesg, grep and sed, because these took three times as long under TCG.
 */

#include "command.h"

#include <string.h>
#include <sys/klog.h>

enum { READ_ALL = 3 };

/* Larger than any kernel's log. If the beginning of the log has been overwritten, MARK is missing. */
static char text[(1 << 20) + 1];

static void print_taint(void)
{
	static const char path[] = "/proc/sys/kernel/tainted";
	char value[32];
	FILE *file = fopen(path, "re");

	if (!file || !fgets(value, sizeof(value), file))
		fail_at(path);
	fclose(file);
	fputs(value, out);
}

/* The line without its level, for example `<6>`. */
static const char *after_level(const char *line)
{
	const char *end = strchr(line, '>');

	return *line == '<' && end ? end + 1 : line;
}

static void read_log(void)
{
	int count = klogctl(READ_ALL, text, sizeof(text) - 1);

	if (count < 0)
		fail_at("syslog(2)");
	text[count] = 0;
}

/* Ends the line with a zero byte. Returns the next one, which is empty at the end of the log. */
static char *end_line(char *line)
{
	char *end = strchrnul(line, '\n'), *next = *end ? end + 1 : end;

	*end = 0;
	return next;
}

int kernel_log(int argc, char **argv)
{
	char *next;
	int found = 0;

	if (argc != 2)
		fail("MARK");
	print_taint();
	read_log();
	for (char *line = text; *line; line = next) {
		next = end_line(line);
		found = found || strstr(line, argv[1]);
		if (found)
			fprintf(out, "%s\n", after_level(line));
	}
	return 0;
}

int log_lines(int argc, char **argv)
{
	char *next;

	if (argc < 2)
		fail("TEXT...");
	read_log();
	for (char *line = text; *line; line = next) {
		int word = 1;

		next = end_line(line);
		while (word < argc && !strstr(line, argv[word]))
			word++;
		if (word < argc)
			fprintf(out, "%s\n", line);
	}
	return 0;
}
