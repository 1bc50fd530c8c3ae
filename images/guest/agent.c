// SPDX-License-Identifier: ISC
/*
 * The command shell on ttyS1, which is its standard input and output. A request is the line "NONCE LENGTH MARK" and LENGTH bytes: a
 * shell script and a full stop. The answer is "NONCE STATUS", standard output and standard error as a line of base64 each, and
 * "NONCE .". A long script comes in parts: all but the last have the mark "+" instead of "!" and are answered by "NONCE +", because
 * ttyS1 has no flow control and the kernel keeps 64 KiB at most. Each script is run by a shell of its own, with $nonce set; the
 * file /run/agent/$nonce.out is there until the answer is out. With the mark "?" the bytes are a path, and the answer comes when it exists:
 * a program that looks again and again would run on the CPU that is waited for. Not a shell script: each program that this would start costs more
 * than ten milliseconds under TCG.
 */

#define PROGRAM "agent"
#include "freestanding.h"

enum {
	SYS_IOCTL = 16, SYS_ACCESS = 21, SYS_DUP2 = 33, SYS_NANOSLEEP = 35, SYS_GETPID = 39, SYS_FORK = 57,
	SYS_EXECVE = 59, SYS_UNAME = 63, SYS_MKDIR = 83, SYS_UNLINK = 87,
};

enum { TCGETS = 0x5401, TCSETS = 0x5402, OPOST = 1, VTIME = 5, VMIN = 6 };
enum { NONCE = 32, PATH = 256 };

struct termios {
	unsigned int iflag, oflag, cflag, lflag;
	unsigned char line, cc[19];
};

static char *const *environment;

static char *append_number(char *to, unsigned long value)
{
	char digits[24];
	char *end = digits + sizeof(digits);

	end[-1] = 0;
	return append(to, digits_before(end - 1, value));
}

/* What came and was not taken yet. */
static char input[4096];
static long taken, filled;

static void fill(void)
{
	filled = call(SYS_READ, 0, (long)input, sizeof(input));
	if (filled <= 0)
		leave(1);
	taken = 0;
}

static char next(void)
{
	if (taken == filled)
		fill();
	return input[taken++];
}

/* The next word, up to a space or a newline; what does not fit is dropped. */
static void word(char *to, long room)
{
	char byte;

	while ((byte = next()) != ' ' && byte != '\n')
		if (room-- > 1)
			*to++ = byte;
	*to = 0;
}

/* Passes so many bytes on. */
static void copy(int fd, long count)
{
	while (count > 0) {
		long some;

		if (taken == filled)
			fill();
		some = filled - taken < count ? filled - taken : count;
		put(fd, input + taken, some);
		taken += some;
		count -= some;
	}
}

static int open_file(const char *path, int flags)
{
	long fd = call(SYS_OPEN, (long)path, flags | CLOSE_ON_EXEC, 0600);

	if (fd < 0)
		leave(1);
	return (int)fd;
}

static void file_name(char *to, const char *nonce, const char *suffix)
{
	append(append(append(to, "/run/agent/"), nonce), suffix);
}

static char script[NONCE + 32], out[NONCE + 32], err[NONCE + 32];

/* As a shell has it: 128 and the signal that ended it. */
static int status_of(int status)
{
	return (status & 127) ? 128 + (status & 127) : (status >> 8) & 255;
}

static int execute(void)
{
	long child = call(SYS_FORK, 0, 0, 0);

	if (child < 0)
		leave(1);
	if (child == 0) {
		char *arguments[] = { "sh", script, 0 };

		call(SYS_DUP2, open_file("/dev/null", RDONLY), 0, 0);
		call(SYS_DUP2, open_file(out, WRONLY | CREATE | TRUNCATE), 1, 0);
		call(SYS_DUP2, open_file(err, WRONLY | CREATE | TRUNCATE), 2, 0);
		call(SYS_EXECVE, (long)"/bin/sh", (long)arguments, (long)environment);
		leave(127);
	}
	return status_of(wait_for(child));
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Whole groups of three bytes but for the last: a short read is not yet the end. */
static void encode(const char *path)
{
	static unsigned char from[3072];
	static char to[4096];
	int fd = open_file(path, RDONLY);
	long count;

	do {
		char *at = to;

		count = 0;
		for (;;) {
			long some = call(SYS_READ, fd, (long)(from + count), (long)sizeof(from) - count);

			if (some <= 0)
				break;
			count += some;
		}
		for (long index = 0; index < count; index += 3) {
			unsigned int second = index + 1 < count ? from[index + 1] : 0;
			unsigned int third = index + 2 < count ? from[index + 2] : 0;
			unsigned int bits = (unsigned int)from[index] << 16 | second << 8 | third;

			*at++ = digits[bits >> 18];
			*at++ = digits[bits >> 12 & 63];
			*at++ = index + 1 < count ? digits[bits >> 6 & 63] : '=';
			*at++ = index + 2 < count ? digits[bits & 63] : '=';
		}
		put(1, to, at - to);
	} while (count == (long)sizeof(from));
	put(1, "\n", 1);
	call(SYS_CLOSE, fd, 0, 0);
}

static void say(const char *nonce, const char *what)
{
	char line[NONCE + 32];

	append(append(append(append(line, nonce), " "), what), "\n");
	put(1, line, length(line));
}

static void answer(const char *nonce, int status)
{
	char text[16];

	append_number(text, (unsigned long)status);
	say(nonce, text);
	encode(out);
	encode(err);
	say(nonce, ".");
	call(SYS_UNLINK, (long)out, 0, 0);
	call(SYS_UNLINK, (long)err, 0, 0);
	call(SYS_UNLINK, (long)script, 0, 0);
}

/* The answer to the path of so many bytes that is to be read, once it exists. A longer one never does. */
static void await(const char *nonce, long bytes)
{
	static const struct timespec pause = { .nsec = 1000000 };
	char path[PATH];

	for (long at = 0; at < bytes; at++) {
		char byte = next();

		if (at < PATH - 1)
			path[at] = byte;
	}
	path[bytes < PATH - 1 ? bytes : PATH - 1] = 0;
	next();
	while (bytes >= PATH || call(SYS_ACCESS, (long)path, 0, 0))
		call(SYS_NANOSLEEP, (long)&pause, 0, 0);
	say(nonce, "0");
	put(1, "\n\n", 2);
	say(nonce, ".");
}

/* A script gets the name of its files, and reboot and poweroff that are not busybox's own, which leave it to init. */
static int begin(const char *nonce)
{
	static const char before[] = "nonce=";
	static const char after[] = "; reboot() { /sbin/reboot; }; poweroff() { /sbin/poweroff; }\n";
	int fd;

	file_name(script, nonce, ".sh");
	file_name(out, nonce, ".out");
	file_name(err, nonce, ".err");
	fd = open_file(script, WRONLY | CREATE | TRUNCATE);
	put(fd, before, sizeof(before) - 1);
	put(fd, nonce, length(nonce));
	put(fd, after, sizeof(after) - 1);
	return fd;
}

static void greet(void)
{
	struct utsname name;
	char line[128];

	call(SYS_UNAME, (long)&name, 0, 0);
	append(append(append(append_number(append(line, "agent "), (unsigned long)call(SYS_GETPID, 0, 0, 0)), " "),
		      name.release), "\n");
	put(1, line, length(line));
}

static void raw(void)
{
	struct termios settings;

	if (call(SYS_IOCTL, 0, TCGETS, (long)&settings))
		leave(1);
	settings.iflag = 0;
	settings.oflag &= ~(unsigned int)OPOST;
	settings.lflag = 0;
	settings.cc[VMIN] = 1;
	settings.cc[VTIME] = 0;
	if (call(SYS_IOCTL, 0, TCSETS, (long)&settings))
		leave(1);
}

void run(long *stack)
{
	char nonce[NONCE], count[16], mark[4];
	int fd = -1;

	environment = (char *const *)(stack + 1 + stack[0] + 1);
	raw();
	call(SYS_MKDIR, (long)"/run/agent", 0755, 0);
	greet();
	for (;;) {
		long bytes = 0;

		word(nonce, sizeof(nonce));
		word(count, sizeof(count));
		word(mark, sizeof(mark));
		for (const char *at = count; *at >= '0' && *at <= '9'; at++)
			bytes = bytes * 10 + (*at - '0');
		if (*mark == '?') {
			await(nonce, bytes - 1);
			continue;
		}
		if (fd < 0)
			fd = begin(nonce);
		copy(fd, bytes - 1);
		next();
		if (*mark == '+') {
			say(nonce, "+");
			continue;
		}
		call(SYS_CLOSE, fd, 0, 0);
		fd = -1;
		answer(nonce, execute());
	}
}
