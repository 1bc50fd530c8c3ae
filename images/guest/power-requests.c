// SPDX-License-Identifier: ISC
/*
 * power-requests record: from now on, reboot and poweroff only record that they were started, and the guest
 * keeps running.
 * power-requests wait NUMBER: waits until so many requests are recorded, and prints all of them, oldest
 * first.
 *
 * Not shell scripts, because the first one in a restored guest takes 0.2 s under TCG.
 */

#include "command.h"
#include "power-requests.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char requests[] = "/run/power-requests";

int record_request(const char *action)
{
	/* The file exists only if requests are recorded. */
	int fd = open(requests, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return 0;
	dprintf(fd, "%s\n", action);
	close(fd);
	return 1;
}

/* Reads the file, and returns the number of lines in `text`. */
static uint64_t read_requests(char *text, size_t room)
{
	FILE *file = fopen(requests, "re");
	uint64_t lines = 0;

	if (!file)
		fail_at(requests);
	text[fread(text, 1, room - 1, file)] = 0;
	fclose(file);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

int power_requests(int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };
	/* For thousands of requests. */
	static char text[1 << 16];
	uint64_t minimum;

	if (argc == 2 && !strcmp(argv[1], "record")) {
		FILE *file = fopen(requests, "we");

		if (!file)
			fail_at(requests);
		fclose(file);
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "wait"))
		fail("record, or wait NUMBER");
	minimum = number(argv[2]);
	while (read_requests(text, sizeof(text)) < minimum)
		nanosleep(&pause, 0);
	fputs(text, out);
	return 0;
}
