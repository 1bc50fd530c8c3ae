// SPDX-License-Identifier: ISC
/* A program's serial line: its standard input and output. The program exits when the line ends. */

#include "serial.h"

#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/* Input that was received but not yet taken. */
static char input[4096];
static ssize_t taken, filled;

static void fill(void)
{
	filled = read(0, input, sizeof(input));
	if (filled <= 0)
		exit(1);
	taken = 0;
}

int is_waiting(void)
{
	return taken < filled;
}

char next(void)
{
	if (taken == filled)
		fill();
	return input[taken++];
}

void word(char *to, long room)
{
	char byte;

	while ((byte = next()) != ' ' && byte != '\n')
		if (room-- > 1)
			*to++ = byte;
	*to = 0;
}

void put(int fd, const char *data, size_t count)
{
	while (count > 0) {
		ssize_t done = write(fd, data, count);

		if (done <= 0)
			exit(1);
		data += done;
		count -= (size_t)done;
	}
}

void copy(int fd, long count)
{
	while (count > 0) {
		long some;

		if (taken == filled)
			fill();
		some = filled - taken < count ? filled - taken : count;
		put(fd, input + taken, (size_t)some);
		taken += some;
		count -= some;
	}
}

void take(char *to, long room, long bytes)
{
	for (long at = 0; at < bytes; at++) {
		char byte = next();

		if (at < room - 1)
			to[at] = byte;
	}
	to[bytes < room - 1 ? bytes : room - 1] = 0;
	next();
}

void make_raw(void)
{
	struct termios settings;

	if (tcgetattr(0, &settings))
		exit(1);
	settings.c_iflag = 0;
	settings.c_oflag &= ~(tcflag_t)OPOST;
	settings.c_lflag = 0;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	if (tcsetattr(0, TCSANOW, &settings))
		exit(1);
}
