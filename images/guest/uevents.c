// SPDX-License-Identifier: ISC
/*
 * uevents: loads modules by alias when a device appears, like udev. It uses netlink, because Debian's kernels
 * have no uevent helper. It daemonizes after the socket is bound. Not mdev: that starts a shell and modprobe
 * for each device, even while no modules are installed, which took a tenth of a second of each scenario under
 * TCG.
 *
 * settle_uevents() waits until the events so far have been handled, like `udevadm settle`. On a busy host,
 * the event of a device that was plugged in before the driver's modules were installed could be handled
 * after it, and load them.
 */

#include "command.h"
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* From linux/netlink.h, which musl does not provide. */
enum { NETLINK_KOBJECT_UEVENT = 15 };

struct sockaddr_nl {
	sa_family_t family;
	unsigned short padding;
	unsigned int port, groups;
};

/* The number of the last event that the kernel has sent, and of the last one that was handled. */
static const char sent_file[] = "/sys/kernel/uevent_seqnum";
static const char handled_file[] = "/run/uevents-handled";

/* Returns 0 if the file cannot be read. */
static uint64_t number_in(const char *path)
{
	uint64_t value = 0;
	FILE *file = fopen(path, "re");

	if (file && fscanf(file, "%" SCNu64, &value) != 1)
		value = 0;
	if (file)
		fclose(file);
	return value;
}

void settle_uevents(void)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t sent = number_in(sent_file);

	/* Without the file, nothing handles events. */
	while (!access(handled_file, F_OK) && number_in(handled_file) < sent)
		nanosleep(&pause, 0);
}

/* All numbers have the same length, so that none leaves digits of another one behind. */
static void note_handled(int fd, uint64_t number)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%020" PRIu64 "\n", number);

	if (pwrite(fd, text, (size_t)length, 0) != length)
		fail_at(handled_file);
}

/* Returns the number of the event of a message. */
static uint64_t number_of(const char *message, const char *end)
{
	static const char name[] = "SEQNUM=";

	for (; message < end; message += strlen(message) + 1)
		if (starts(message, name))
			return strtoull(message + sizeof(name) - 1, 0, 10);
	return 0;
}

/* Handles a message: ACTION@PATH, then variables, each with a zero byte after it. */
static void handle_message(const char *message, const char *end)
{
	static const char name[] = "MODALIAS=";

	if (!starts(message, "add@"))
		return;
	for (; message < end; message += strlen(message) + 1)
		if (starts(message, name)) {
			int lock = lock_modules();

			load_by_alias(message + sizeof(name) - 1);
			close(lock);
		}
}

int uevents(int argc, char **argv)
{
	static const struct sockaddr_nl kernel = { .family = AF_NETLINK, .groups = 1 };
	static char message[1 << 14];
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	int handled;
	uint64_t lost = 0;
	pid_t child;

	(void)argc;
	(void)argv;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&kernel, sizeof(kernel)))
		fail_at("netlink");
	handled = open(handled_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (handled < 0)
		fail_at(handled_file);
	/* Nobody handles the events before the socket was bound. */
	note_handled(handled, number_in(sent_file));
	child = fork();
	if (child < 0)
		fail_at("fork");
	if (child > 0)
		return 0;
	for (;;) {
		ssize_t count = recv(fd, message, sizeof(message) - 1, lost ? MSG_DONTWAIT : 0);

		if (count > 0) {
			uint64_t number;

			message[count] = 0;
			number = number_of(message, message + count);
			handle_message(message, message + count);
			if (number)
				note_handled(handled, number);
		} else if (count < 0 && errno == ENOBUFS) {
			/* Too many arrived at once, and some were dropped. Those that were not come first. */
			lost = number_in(sent_file);
		} else if (lost) {
			note_handled(handled, lost);
			lost = 0;
		}
	}
}
