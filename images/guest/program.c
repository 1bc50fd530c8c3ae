// SPDX-License-Identifier: ISC
// Starts programs with a terminal or with pipes.

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct winsize size_of(const char *rows, const char *columns)
{
	struct winsize size = { .ws_row = (unsigned short)atoi(rows), .ws_col = (unsigned short)atoi(columns) };

	return size;
}

pid_t fork_with_pipes(struct ends *ends)
{
	int in[2], out[2], err[2];
	pid_t child;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -1;
	child = fork();
	if (child == 0) {
		setsid();
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		return 0;
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	ends->in = in[1];
	ends->out = out[0];
	ends->err = err[0];
	return child;
}

pid_t fork_with_terminal(struct ends *ends, struct winsize size)
{
	int master;
	pid_t child = forkpty(&master, 0, 0, &size);

	if (child > 0) {
		fcntl(master, F_SETFD, FD_CLOEXEC);
		ends->in = ends->out = master;
		ends->err = -1;
	}
	return child;
}

_Noreturn void become(const char *term, const char *directory, char *command)
{
	static const char bash[] = "/bin/bash";
	const char *shell = access(bash, X_OK) ? "/bin/sh" : bash;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, 0);
	signal(SIGPIPE, SIG_DFL);
	if (chdir(directory) && chdir("/"))
		_exit(126);
	if (*term)
		setenv("TERM", term, 1);
	setenv("PS1", "guest:\\w\\$ ", 1);
	if (*command)
		execl("/bin/sh", "sh", "-c", command, (char *)0);
	else
		execl(shell, shell, "-i", (char *)0);
	dprintf(2, "%s: %s\n", shell, strerror(errno));
	_exit(127);
}
