// SPDX-License-Identifier: ISC
/*
 * agent: the command shell on ttyS1, which is its standard input and output. A request is the line "NONCE
 * LENGTH MARK" and LENGTH bytes: what MARK says, and a full stop. The answer is "NONCE STATUS", standard
 * output and standard error as a line of base64 each, and "NONCE .".
 *
 * MARK   bytes
 * !      a shell script: run by a shell of its own, with $nonce set; /run/agent/$nonce.out is there until the
 *        answer is out
 * +      a part of one that is not the last, and is answered by "NONCE +": ttyS1 has no flow control and the
 *        kernel keeps 64 KiB at most
 * $      words, a zero behind each: a command of this program, which then needs no process of its own, or
 *        another program
 * ?      a path: the answer comes when it exists. A program that looks again and again would run on the CPU
 *        that is waited for
 *
 * Under TCG the first process that is started in a restored guest takes a tenth of a second, and a shell
 * another one.
 */

#include "base64.h"
#include "command.h"
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { NONCE = 32, PATH = 256, WORDS = 64 };

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		exit(1);
	return fd;
}

static char script[NONCE + 32], output[NONCE + 32], errors[NONCE + 32];

static void name_files(const char *nonce)
{
	snprintf(script, sizeof(script), "/run/agent/%s.sh", nonce);
	snprintf(output, sizeof(output), "/run/agent/%s.out", nonce);
	snprintf(errors, sizeof(errors), "/run/agent/%s.err", nonce);
}

/* As a shell has it: 128 and the signal that ended it. */
static int execute(char *const *words)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		exit(1);
	if (child == 0) {
		dup2(open_file("/dev/null", O_RDONLY), 0);
		dup2(open_file(output, O_WRONLY | O_CREAT | O_TRUNC), 1);
		dup2(open_file(errors, O_WRONLY | O_CREAT | O_TRUNC), 2);
		execvp(words[0], words);
		dprintf(2, "%s: %s\n", words[0], strerror(errno));
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			exit(1);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void say(const char *nonce, const char *what)
{
	char line[NONCE + 32];

	put(1, line, (size_t)snprintf(line, sizeof(line), "%s %s\n", nonce, what));
}

static void say_status(const char *nonce, int status)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	say(nonce, text);
}

/* What a process has left in the files. */
static void answer(const char *nonce, int status)
{
	say_status(nonce, status);
	encode_file(output);
	encode_file(errors);
	say(nonce, ".");
	unlink(output);
	unlink(errors);
	unlink(script);
}

/* False if it is no command that runs within this process. */
static int answer_within(const char *nonce, int argc, char **argv)
{
	struct {
		FILE *file;
		char *text;
		size_t size;
	} told[2];
	int status;

	for (int index = 0; index < 2; index++)
		if (!(told[index].file = open_memstream(&told[index].text, &told[index].size)))
			exit(1);
	status = run_within(argc, argv, told[0].file, told[1].file);
	if (status >= 0)
		say_status(nonce, status);
	for (int index = 0; index < 2; index++) {
		fclose(told[index].file);
		if (status >= 0) {
			encode((unsigned char *)told[index].text, told[index].size);
			put(1, "\n", 1);
		}
		free(told[index].text);
	}
	if (status >= 0)
		say(nonce, ".");
	return status >= 0;
}

/* The answer to the path of so many bytes that is to be read, once it exists. A longer one never does. */
static void await(const char *nonce, long bytes)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	char path[PATH];

	take(path, sizeof(path), bytes);
	while (bytes >= PATH || access(path, F_OK))
		nanosleep(&pause, 0);
	say(nonce, "0");
	put(1, "\n\n", 2);
	say(nonce, ".");
}

/* The answer to the words of so many bytes that are to be read. */
static void call(const char *nonce, long bytes)
{
	static char text[4096];
	char *words[WORDS + 1];
	int count = 0;

	/* The harness sends no more than there is room for. */
	take(text, sizeof(text), bytes);
	for (char *at = text; at < text + bytes && count < WORDS; at += strlen(at) + 1)
		words[count++] = at;
	words[count] = 0;
	if (answer_within(nonce, count, words))
		return;
	name_files(nonce);
	answer(nonce, execute(words));
}

/*
 * A script gets the name of its files, and reboot and poweroff that are not busybox's own, which leave it to
 * init.
 */
static int begin(const char *nonce)
{
	int fd;

	name_files(nonce);
	fd = open_file(script, O_WRONLY | O_CREAT | O_TRUNC);
	dprintf(fd, "nonce=%s; reboot() { /sbin/reboot; }; poweroff() { /sbin/poweroff; }\n", nonce);
	return fd;
}

static void greet(void)
{
	struct utsname name;
	char line[128];

	uname(&name);
	put(1, line, (size_t)snprintf(line, sizeof(line), "agent %d %s\n", getpid(), name.release));
}

static void make_raw(void)
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

int agent(int argc, char **argv)
{
	char nonce[NONCE], count[16], mark[4];
	char *shell[] = { "/bin/sh", script, 0 };
	int fd = -1;

	(void)argc;
	(void)argv;
	make_raw();
	mkdir("/run/agent", 0755);
	greet();
	for (;;) {
		long bytes;

		word(nonce, sizeof(nonce));
		word(count, sizeof(count));
		word(mark, sizeof(mark));
		bytes = atol(count) - 1;
		if (*mark == '?')
			await(nonce, bytes);
		else if (*mark == '$')
			call(nonce, bytes);
		else {
			if (fd < 0)
				fd = begin(nonce);
			copy(fd, bytes);
			next();
			if (*mark == '+') {
				say(nonce, "+");
				continue;
			}
			close(fd);
			fd = -1;
			answer(nonce, execute(shell));
		}
	}
}
