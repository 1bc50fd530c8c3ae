// SPDX-License-Identifier: ISC
/*
 * uevents: loads modules by alias when a device appears, as udev does. By netlink: Debian's kernels have no uevent helper. Ends when it hears,
 * and a child goes on. Not mdev: that starts a shell and modprobe for each device, also while no modules are installed, which took
 * a tenth of a second of each scenario under TCG.
 */

#define PROGRAM "uevents"
#include "freestanding.h"

enum { SYS_ACCESS = 21, SYS_SOCKET = 41, SYS_BIND = 49, SYS_FORK = 57, SYS_EXECVE = 59, SYS_UNAME = 63 };
enum { AF_NETLINK = 16, SOCK_DGRAM = 2, SOCK_CLOSE_ON_EXEC = CLOSE_ON_EXEC, KOBJECT_UEVENT = 15 };

struct netlink_address {
	unsigned short family, padding;
	unsigned int port, groups;
};

static char *const *environment;
static char index_file[128];

static void load(char *alias)
{
	char *arguments[] = { "modprobe", "-q", alias, 0 };
	long child;

	/* Without an index modprobe would find nothing. */
	if (call(SYS_ACCESS, (long)index_file, 0, 0))
		return;
	child = call(SYS_FORK, 0, 0, 0);
	if (child == 0) {
		call(SYS_EXECVE, (long)"/sbin/modprobe", (long)arguments, (long)environment);
		leave(127);
	}
	wait_for(child);
}

/* ACTION@PATH, then variables, each with a zero behind it. */
static void hear(char *message, const char *end)
{
	static const char name[] = "MODALIAS=";

	if (!starts(message, "add@"))
		return;
	for (; message < end; message += length(message) + 1)
		if (starts(message, name))
			load(message + sizeof(name) - 1);
}

void run(long *stack)
{
	static const struct netlink_address kernel = { .family = AF_NETLINK, .groups = 1 };
	static char message[1 << 14];
	struct utsname name;
	long fd = call(SYS_SOCKET, AF_NETLINK, SOCK_DGRAM | SOCK_CLOSE_ON_EXEC, KOBJECT_UEVENT), child;

	environment = (char *const *)(stack + 1 + stack[0] + 1);
	if (fd < 0 || call(SYS_BIND, fd, (long)&kernel, sizeof(kernel)))
		fail("netlink");
	call(SYS_UNAME, (long)&name, 0, 0);
	append(append(append(index_file, "/lib/modules/"), name.release), "/modules.dep");
	child = call(SYS_FORK, 0, 0, 0);
	if (child < 0)
		fail("fork");
	if (child > 0)
		leave(0);
	for (;;) {
		/* ENOBUFS: more came at once than there is room for; what comes later is heard. */
		long count = call(SYS_READ, fd, (long)message, sizeof(message) - 1);

		if (count <= 0)
			continue;
		message[count] = 0;
		hear(message, message + count);
	}
}
