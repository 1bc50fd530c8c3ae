// SPDX-License-Identifier: ISC
/*
 * uevents: loads modules by alias when a device appears, like udev. It uses netlink, because Debian's kernels
 * have no uevent helper. It daemonizes after the socket is bound. Not mdev: that starts a shell and modprobe
 * for each device, even while no modules are installed, which took a tenth of a second of each scenario under
 * TCG.
 */

#include "command.h"
#include "modules.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* From linux/netlink.h, which musl does not provide. */
enum { NETLINK_KOBJECT_UEVENT = 15 };

struct sockaddr_nl {
	sa_family_t family;
	unsigned short padding;
	unsigned int port, groups;
};

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
	pid_t child;

	(void)argc;
	(void)argv;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&kernel, sizeof(kernel)))
		fail_at("netlink");
	child = fork();
	if (child < 0)
		fail_at("fork");
	if (child > 0)
		return 0;
	for (;;) {
		/* ENOBUFS: some messages were dropped because too many arrived at once. Later ones follow. */
		ssize_t count = read(fd, message, sizeof(message) - 1);

		if (count <= 0)
			continue;
		message[count] = 0;
		handle_message(message, message + count);
	}
}
