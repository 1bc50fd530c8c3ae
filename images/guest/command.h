/* SPDX-License-Identifier: ISC */
/*
 * Shared by the commands of the guest program. A command is a function like main(): it writes to `out` and
 * returns its exit status or calls fail(). The agent runs most commands within its process, repeatedly, so
 * static data must not carry over from one run to the next.
 */

#include <stdint.h>
#include <stdio.h>

typedef int command(int argc, char **argv);

command agent, clock_command, clock_steps, holdings, kernel_log, load, log_lines, memory_trace,
	payload, power, power_requests, ptp, read_files, terminal, uevents, unload, write_file, writer;

/* Standard output, or the buffer for the agent's reply. */
extern FILE *out;

/*
 * Runs the command named argv[0] with these files for its output. Returns -1 if there is no such command that
 * the agent can run within its process.
 */
int run_within(int argc, char **argv, FILE *output, FILE *errors);

/* Waits until the events of the kernel so far have been handled (uevents.c). */
void settle_uevents(void);

/* Ends the command with status 1 and this message. */
_Noreturn void fail(const char *message);

/* Ends the command with status 1 and the message "WHAT: " with the text of errno. */
_Noreturn void fail_at(const char *what);

/* Parses a decimal number. Fails if the text has any other character. */
uint64_t number(const char *text);

int starts(const char *text, const char *prefix);
