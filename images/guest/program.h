/* SPDX-License-Identifier: ISC */
/* Starts programs with a terminal or with pipes. */

#ifndef PROGRAM_H
#define PROGRAM_H

#include <sys/ioctl.h>
#include <sys/types.h>

/* What a program reads and writes. With a terminal, `in` and `out` are its master, and `err` is -1. */
struct ends {
	int in, out, err;
};

struct winsize size_of(const char *rows, const char *columns);

/* Both return the child's pid, 0 in the child, or -1, and store the parent's ends. */
pid_t fork_with_pipes(struct ends *ends);
pid_t fork_with_terminal(struct ends *ends, struct winsize size);

/*
 * In the child: runs the command, or an interactive shell if it is empty. An empty `term` leaves TERM unset.
 */
_Noreturn void become(const char *term, const char *directory, char *command);

#endif
