/* SPDX-License-Identifier: ISC */
/*
 * What the commands of the guest's program share. A command is a function like main(): it writes to `out`,
 * and returns its exit status or calls fail(). The agent runs most of them within itself, again and again:
 * nothing static may survive a run.
 */

#include <stdio.h>

typedef int command(int argc, char **argv);

command agent, clock_command, holdings, kernel_log, load, payload, power, ptp,
	read_files, uevents, unload, write_file, writer;

/* Standard output, or what the agent will answer. */
extern FILE *out;

/*
 * Runs the command of that name with these two files for its output. -1 if there is none that the agent can
 * run within itself.
 */
int run_within(int argc, char **argv, FILE *output, FILE *errors);

/* Ends the command with status 1 and that message. */
_Noreturn void fail(const char *message);

/* The same: `what`, and what errno says of it. */
_Noreturn void fail_at(const char *what);

/* The number that the decimal digits say. Fails if there is anything else in the text. */
unsigned long number(const char *text);

int starts(const char *text, const char *with);
