// SPDX-License-Identifier: ISC
/*
 * agent: the command shell on ttyS1, which is its standard input and output. A request is the line "NONCE
 * LENGTH MARK" and LENGTH bytes: the data that MARK describes, and a full stop. The reply is "NONCE STATUS",
 * standard output and standard error as one line of base64 each, and "NONCE .".
 *
 * MARK   data
 * !      the last or only part of a shell script. It runs in a new shell with $nonce set;
 *        /run/agent/$nonce.out exists until the reply is sent
 * +      another part of a script. The reply is "NONCE +": ttyS1 has no flow control, and the kernel buffers
 *        at most 64 KiB
 * $      words that each end in a zero byte: a command of this program, which usually needs no new process,
 *        or another program
 * ?      a path: the reply is sent when it exists. A program that polls would use the CPU that the harness
 *        waits for
 *
 * Under TCG, the first process in a restored guest takes a tenth of a second to start, and a shell another
 * tenth.
 */

#include "base64.h"
#include "command.h"
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
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

/* Returns the status as a shell does: 128 plus the number of the signal that ended the program. */
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

static void send_line(const char *nonce, const char *text)
{
	char line[NONCE + 32];

	put(1, line, (size_t)snprintf(line, sizeof(line), "%s %s\n", nonce, text));
}

static void send_status(const char *nonce, int status)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	send_line(nonce, text);
}

/* Sends the output that a process has left in the files. */
static void send_reply(const char *nonce, int status)
{
	send_status(nonce, status);
	encode_file(output);
	encode_file(errors);
	send_line(nonce, ".");
	unlink(output);
	unlink(errors);
	unlink(script);
}

/* Returns false if this is not a command that runs within this process. */
static int run_and_reply(const char *nonce, int argc, char **argv)
{
	struct {
		FILE *file;
		char *text;
		size_t size;
	} outputs[2];
	int status;

	for (int index = 0; index < 2; index++)
		if (!(outputs[index].file = open_memstream(&outputs[index].text, &outputs[index].size)))
			exit(1);
	status = run_within(argc, argv, outputs[0].file, outputs[1].file);
	if (status >= 0)
		send_status(nonce, status);
	for (int index = 0; index < 2; index++) {
		fclose(outputs[index].file);
		if (status >= 0) {
			encode((unsigned char *)outputs[index].text, outputs[index].size);
			put(1, "\n", 1);
		}
		free(outputs[index].text);
	}
	if (status >= 0)
		send_line(nonce, ".");
	return status >= 0;
}

/* Reads a path of `bytes` bytes and replies when it exists. A path that is too long never exists. */
static void await_path(const char *nonce, long bytes)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	char path[PATH];

	take(path, sizeof(path), bytes);
	while (bytes >= PATH || access(path, F_OK))
		nanosleep(&pause, 0);
	send_line(nonce, "0");
	put(1, "\n\n", 2);
	send_line(nonce, ".");
}

/* Reads words of `bytes` bytes, runs them and replies. */
static void run_words(const char *nonce, long bytes)
{
	static char text[4096];
	char *words[WORDS + 1];
	int count = 0;

	/* The harness never sends more words than fit. */
	take(text, sizeof(text), bytes);
	for (char *at = text; at < text + bytes && count < WORDS; at += strlen(at) + 1)
		words[count++] = at;
	words[count] = 0;
	if (run_and_reply(nonce, count, words))
		return;
	name_files(nonce);
	send_reply(nonce, execute(words));
}

/*
 * Begins a script with its nonce, and with replacements of busybox's reboot and poweroff, which would leave
 * the work to init.
 */
static int begin_script(const char *nonce)
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

int agent(int argc, char **argv)
{
	char nonce[NONCE], count[16], mark[4];
	char *shell[] = { "/bin/sh", script, 0 };
	int fd = -1;

	(void)argc;
	(void)argv;
	/* init starts the agent in the background, where a shell ignores these. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
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
			await_path(nonce, bytes);
		else if (*mark == '$')
			run_words(nonce, bytes);
		else {
			if (fd < 0)
				fd = begin_script(nonce);
			copy(fd, bytes);
			next();
			if (*mark == '+') {
				send_line(nonce, "+");
				continue;
			}
			close(fd);
			fd = -1;
			send_reply(nonce, execute(shell));
		}
	}
}
