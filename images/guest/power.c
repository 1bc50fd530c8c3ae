// SPDX-License-Identifier: ISC
/*
 * reboot, poweroff: the kernel's orderly_reboot() and orderly_poweroff() start these without any open
 * descriptor. Unmounts every disk and logs that to the kernel log before the machine goes down. Not a shell
 * script, because one took a third of a second under TCG.
 */

#include "command.h"
#include "power-requests.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

static const char *action;

static char mounts[1 << 14];

static void log_message(const char *message, const char *detail)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	dprintf(fd, "<5>vmmci-guest: %s%s%s\n", action, message, detail);
	close(fd);
}

/* Returns the second word of a line, and ends it with a zero byte. */
static char *mount_point(char *line)
{
	char *point = line + strcspn(line, " ");

	if (*point)
		point++;
	point[strcspn(point, " ")] = 0;
	return point;
}

/* Unmounts the file systems on disks, last mounted first. Returns one that is still in use, or null. */
static const char *unmount(void)
{
	const char *still_mounted = 0;
	int fd = open("/proc/mounts", O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t count;

	while ((count = read(fd, mounts + size, sizeof(mounts) - 1 - size)) > 0)
		size += (size_t)count;
	close(fd);
	mounts[size] = 0;
	for (char *line = mounts + size; line-- > mounts;) {
		char *point;

		if ((line > mounts && line[-1] != '\n') || !starts(line, "/dev/"))
			continue;
		point = mount_point(line);
		if (umount(point))
			still_mounted = point;
	}
	return still_mounted;
}

int power(int argc, char **argv)
{
	/* Killed processes need a moment to close their files. */
	static const struct timespec moment = { .tv_nsec = 20000000 };
	const char *slash = strrchr(argv[0], '/'), *still_mounted;
	int tries = 0;

	(void)argc;
	action = slash ? slash + 1 : argv[0];
	if (record_request(action))
		return 0;
	log_message(" requested", "");
	/* Stops init from restarting the command shell. */
	close(open("/run/going-down", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	kill(-1, SIGTERM);
	sync();
	kill(-1, SIGKILL);
	while ((still_mounted = unmount()) && tries++ < 100)
		nanosleep(&moment, 0);
	sync();
	if (still_mounted)
		log_message(": still mounted: ", still_mounted);
	else
		log_message(": filesystems unmounted", "");
	reboot(*action == 'r' ? RB_AUTOBOOT : RB_POWER_OFF);
	fail_at(action);
}
