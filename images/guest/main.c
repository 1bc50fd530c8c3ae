// SPDX-License-Identifier: ISC
/*
 * The program of the test guest. Its commands are links to it, as with busybox. It is one program, because
 * under TCG each program that is started in a restored guest takes about ten milliseconds to translate the
 * start-up code of the C library.
 */

#include "command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

FILE *out;

static FILE *errors;
static const char *running;
static jmp_buf failed;

/*
 * `is_within`: the agent runs the command within its process. The other commands run forever or end other
 * processes.
 */
static const struct {
	const char *name;
	command *run;
	int is_within;
} commands[] = {
	{ "agent", agent, 0 },
	{ "clock-steps", clock_steps, 0 },
	{ "guest-clock", clock_command, 1 },
	{ "holdings", holdings, 1 },
	{ "kernel-log", kernel_log, 1 },
	{ "load", load, 1 },
	{ "log-lines", log_lines, 1 },
	{ "memory-trace", memory_trace, 1 },
	{ "payload", payload, 1 },
	{ "power-requests", power_requests, 1 },
	{ "poweroff", power, 0 },
	{ "ptp", ptp, 1 },
	{ "read-files", read_files, 1 },
	{ "reboot", power, 0 },
	{ "terminal", terminal, 0 },
	{ "uevents", uevents, 0 },
	{ "unload", unload, 1 },
	{ "write-file", write_file, 1 },
	{ "writer", writer, 0 },
};

enum { COUNT = sizeof(commands) / sizeof(*commands) };

_Noreturn void fail(const char *message)
{
	fprintf(errors, "%s: %s\n", running, message);
	longjmp(failed, 1);
}

_Noreturn void fail_at(const char *what)
{
	fprintf(errors, "%s: %s: %s\n", running, what, strerror(errno));
	longjmp(failed, 1);
}

uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end)
		fail(text);
	return value;
}

int starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static int find(const char *name)
{
	int index = 0;

	while (index < COUNT && strcmp(commands[index].name, name))
		index++;
	return index;
}

static int run(int index, int argc, char **argv, FILE *output, FILE *error_file)
{
	out = output;
	errors = error_file;
	running = commands[index].name;
	return setjmp(failed) ? 1 : commands[index].run(argc, argv);
}

int run_within(int argc, char **argv, FILE *output, FILE *error_file)
{
	int index = find(argv[0]), status;

	if (index == COUNT || !commands[index].is_within)
		return -1;
	status = run(index, argc, argv, output, error_file);
	/* A failed command has not closed its files. */
	if (status)
		syscall(SYS_close_range, 3, ~0U, 0);
	return status;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	int index = find(name);

	if (index == COUNT) {
		fprintf(stderr, "%s: not a command of this program\n", name);
		return 127;
	}
	return run(index, argc, argv, stdout, stderr);
}
