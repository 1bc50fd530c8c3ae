// SPDX-License-Identifier: ISC
/*
 * reboot, poweroff: as the kernel's orderly_reboot() and orderly_poweroff() start them: nothing is open, not even the standard
 * descriptors. Leaves every disk clean, and says so in the kernel log before the machine goes. Not a shell script: one took a third of a second
 * under TCG.
 */

#define PROGRAM "power"
#include "freestanding.h"

enum { SYS_NANOSLEEP = 35, SYS_KILL = 62, SYS_SYNC = 162, SYS_UMOUNT = 166, SYS_REBOOT = 169 };
enum { SIGKILL = 9, SIGTERM = 15 };

#define MAGIC 0xfee1dead
#define MAGIC2 672274793
#define RESTART 0x01234567
#define POWER_OFF 0x4321fedc

static const char *action;

static char mounts[1 << 14];

static void say(const char *what, const char *whom)
{
	static char line[sizeof(mounts) + 128];
	long fd = call(SYS_OPEN, (long)"/dev/kmsg", WRONLY | CLOSE_ON_EXEC, 0);

	append(append(append(append(append(line, "<5>vmmci-guest: "), action), what), whom), "\n");
	call(SYS_WRITE, fd, (long)line, length(line));
	call(SYS_CLOSE, fd, 0, 0);
}

/* The second word of a line; a zero is put behind it. */
static char *mount_point(char *line)
{
	char *end;

	while (*line && *line++ != ' ')
		;
	for (end = line; *end && *end != ' '; end++)
		;
	*end = 0;
	return line;
}

/* Unmounts what is mounted of a disk, the latest first; one that is still in use, null when none is. */
static const char *unmount(void)
{
	const char *left = 0;
	long fd = call(SYS_OPEN, (long)"/proc/mounts", RDONLY | CLOSE_ON_EXEC, 0), size = 0, count;

	while ((count = call(SYS_READ, fd, (long)(mounts + size), (long)sizeof(mounts) - 1 - size)) > 0)
		size += count;
	call(SYS_CLOSE, fd, 0, 0);
	mounts[size] = 0;
	for (char *line = mounts + size; line-- > mounts;) {
		char *point;

		if ((line > mounts && line[-1] != '\n') || !starts(line, "/dev/"))
			continue;
		point = mount_point(line);
		if (call(SYS_UMOUNT, (long)point, 0, 0))
			left = point;
	}
	return left;
}

void run(long *stack)
{
	/* The killed need a moment to let go of their files. */
	static const struct timespec moment = { .nsec = 20000000 };
	const char *left;
	int tries = 0;

	action = ((char **)(stack + 1))[0];
	for (const char *at = action; *at; at++)
		if (*at == '/')
			action = at + 1;
	say(" requested", "");
	/* Tells init not to start the command shell again. */
	call(SYS_OPEN, (long)"/run/going-down", WRONLY | CREATE | CLOSE_ON_EXEC, 0600);
	call(SYS_KILL, -1, SIGTERM, 0);
	call(SYS_SYNC, 0, 0, 0);
	call(SYS_KILL, -1, SIGKILL, 0);
	while ((left = unmount()) && tries++ < 100)
		call(SYS_NANOSLEEP, (long)&moment, 0, 0);
	call(SYS_SYNC, 0, 0, 0);
	if (left)
		say(": still mounted: ", left);
	else
		say(": filesystems unmounted", "");
	call(SYS_REBOOT, MAGIC, MAGIC2, action[0] == 'r' ? RESTART : POWER_OFF);
	leave(1);
}
