// SPDX-License-Identifier: ISC
/*
 * terminal: runs programs for people on the host, each with a terminal or with pipes of its own. Its standard
 * input and output are ttyS2. Ends when it has greeted, and a child goes on. Both directions carry frames: the
 * kind and the session, a byte each, the length of the content in two bytes, big-endian, and the content.
 *
 * from the host
 * o      open: fields, a zero behind each: t (a terminal) or p (pipes), rows, columns, TERM, directory, and
 *        the command for sh; an interactive shell if that is empty
 * i      input, to be acknowledged before the next one; of length 0: its end
 * w      the size of the terminal: rows and columns in decimal, a zero behind each
 * k      a signal to all processes of the session: its number in decimal, a zero behind it
 * c      close: hang up
 *
 * from the guest
 * g      the program has started: there are no sessions. The content is fixed, so that the host finds it in
 *        what a reset has cut
 * O, E   standard output and standard error; both are O with a terminal
 * A      an input was taken
 * X      the end: the exit status in decimal, as a shell has it, or an exclamation mark and what went wrong
 */

#include "command.h"
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SESSIONS = 16, CONTENT = 4096, FIELDS = 6 };

/* No child: the slot is free. With a terminal `in` and `out` are both its master, and there is no `err`. */
static struct session {
	pid_t child;
	int in, out, err;
	/* What was taken from the host and not passed on yet. */
	char input[CONTENT];
	size_t count, done;
} sessions[SESSIONS];

static char content[CONTENT + 1];

static void send_frame(char kind, int session, const char *data, size_t count)
{
	char head[4] = { kind, (char)session, (char)(count >> 8), (char)count };

	put(1, head, sizeof(head));
	put(1, data, count);
}

static void send_end(int id, int status)
{
	char text[16];
	int count = snprintf(text, sizeof(text), "%d",
			     WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));

	send_frame('X', id, text, (size_t)count);
}

static void send_failure(int id, const char *what)
{
	char text[128];
	int count = snprintf(text, sizeof(text), "!%s: %s", what, strerror(errno));

	send_frame('X', id, text, (size_t)count);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void forget(struct session *session)
{
	/* One descriptor, or two. */
	if (session->in == session->out)
		session->in = -1;
	close_end(&session->in);
	close_end(&session->out);
	close_end(&session->err);
	session->child = 0;
}

/* Passes on what there is to read, without waiting; closes what has come to its end. */
static void relay(int id, int *fd, char kind)
{
	static char buffer[CONTENT];
	ssize_t count = *fd < 0 ? 0 : read(*fd, buffer, sizeof(buffer));

	if (count > 0)
		send_frame(kind, id, buffer, (size_t)count);
	else if (*fd >= 0 && (count == 0 || (errno != EAGAIN && errno != EINTR))) {
		if (sessions[id].in == *fd)
			sessions[id].in = -1;
		close_end(fd);
	}
}

static int has_more(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&one, 1, 0) > 0;
}

/* The child has ended. What it has written comes before its status. */
static void finish(int id, int status)
{
	struct session *session = &sessions[id];

	while (has_more(session->out))
		relay(id, &session->out, 'O');
	while (has_more(session->err))
		relay(id, &session->err, 'E');
	forget(session);
	send_end(id, status);
}

static void reap(void)
{
	int status;
	pid_t child;

	while ((child = waitpid(-1, &status, WNOHANG)) > 0)
		for (int id = 0; id < SESSIONS; id++)
			if (sessions[id].child == child)
				finish(id, status);
}

static _Noreturn void become(const char *term, const char *directory, char *command)
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

static struct winsize size_of(const char *rows, const char *columns)
{
	struct winsize size = { .ws_row = (unsigned short)atoi(rows), .ws_col = (unsigned short)atoi(columns) };

	return size;
}

/* The fields of the content, at most `limit`; those that are missing are empty. */
static void split(size_t length, char **fields, int limit)
{
	char *at = content;

	content[length] = 0;
	for (int index = 0; index < limit; index++) {
		fields[index] = at < content + length ? at : content + length;
		at += strlen(at) + 1;
	}
}

/* The child's pid; 0 in the child. The parent's ends of its pipes are in the session. */
static pid_t fork_with_pipes(struct session *session)
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
	session->in = in[1];
	session->out = out[0];
	session->err = err[0];
	return child;
}

static pid_t fork_with_terminal(struct session *session, const char *rows, const char *columns)
{
	struct winsize size = size_of(rows, columns);
	int master;
	pid_t child = forkpty(&master, 0, 0, &size);

	if (child > 0) {
		fcntl(master, F_SETFD, FD_CLOEXEC);
		session->in = session->out = master;
		session->err = -1;
	}
	return child;
}

static void open_session(int id, size_t length)
{
	struct session *session = &sessions[id];
	char *fields[FIELDS];
	pid_t child;

	split(length, fields, FIELDS);
	session->count = session->done = 0;
	child = *fields[0] == 't' ? fork_with_terminal(session, fields[1], fields[2]) :
				    fork_with_pipes(session);
	if (child == 0)
		become(fields[3], fields[4], fields[5]);
	if (child < 0) {
		send_failure(id, "a session cannot be opened");
		return;
	}
	session->child = child;
	for (int index = 0; index < 3; index++) {
		int fd = index == 0 ? session->in : index == 1 ? session->out : session->err;

		if (fd >= 0)
			fcntl(fd, F_SETFL, O_NONBLOCK);
	}
}

/* Input that was passed on, or that nobody reads any more, is done. */
static void pass_on(int id)
{
	struct session *session = &sessions[id];

	while (session->in >= 0 && session->done < session->count) {
		ssize_t some = write(session->in, session->input + session->done,
				     session->count - session->done);

		if (some < 0 && errno == EAGAIN)
			return;
		if (some < 0)
			break;
		session->done += (size_t)some;
	}
	session->count = session->done = 0;
	send_frame('A', id, "", 0);
}

static void take_input(int id, size_t length)
{
	struct session *session = &sessions[id];

	if (length == 0) {
		if (session->in != session->out)
			close_end(&session->in);
		return;
	}
	memcpy(session->input, content, length);
	session->count = length;
	session->done = 0;
	pass_on(id);
}

static void hang_up(int id)
{
	kill(-sessions[id].child, SIGHUP);
	kill(-sessions[id].child, SIGCONT);
	forget(&sessions[id]);
	/* As of one that the signal ended. */
	send_end(id, SIGHUP);
}

static void take_frame(void)
{
	char kind = next(), *fields[2];
	int id = (unsigned char)next();
	size_t length = (size_t)(unsigned char)next() << 8;

	length |= (unsigned char)next();
	/* The host sends neither, so this is no frame: begin anew. */
	if (id >= SESSIONS || length > CONTENT)
		exit(1);
	for (size_t at = 0; at < length; at++)
		content[at] = next();
	if (kind == 'o' && !sessions[id].child)
		open_session(id, length);
	/* What comes for a session that has ended meanwhile. */
	if (!sessions[id].child || kind == 'o')
		return;
	if (kind == 'i')
		take_input(id, length);
	else if (kind == 'c')
		hang_up(id);
	else {
		split(length, fields, 2);
		if (kind == 'k')
			kill(-sessions[id].child, atoi(fields[0]));
		else if (kind == 'w') {
			struct winsize size = size_of(fields[0], fields[1]);

			ioctl(sessions[id].out, TIOCSWINSZ, &size);
		}
	}
}

static void nothing(int signal)
{
	(void)signal;
}

/* Waits for the host, a program or the end of one. */
static void wait_and_serve(const sigset_t *mask)
{
	struct pollfd fds[1 + 3 * SESSIONS] = { { .fd = 0, .events = POLLIN } };
	struct timespec none = { 0 };

	for (int id = 0; id < SESSIONS; id++) {
		struct session *session = &sessions[id];
		struct pollfd *at = fds + 1 + 3 * id;

		at[0].fd = at[1].fd = at[2].fd = -1;
		if (!session->child)
			continue;
		at[0].fd = session->out;
		at[1].fd = session->err;
		at[2].fd = session->count ? session->in : -1;
		at[0].events = at[1].events = POLLIN;
		at[2].events = POLLOUT;
	}
	if (ppoll(fds, sizeof(fds) / sizeof(*fds), is_waiting() ? &none : 0, mask) < 0 && errno != EINTR)
		exit(1);
	reap();
	for (int id = 0; id < SESSIONS; id++) {
		struct session *session = &sessions[id];
		struct pollfd *at = fds + 1 + 3 * id;

		if (session->child && at[0].revents)
			relay(id, &session->out, 'O');
		if (session->child && at[1].revents)
			relay(id, &session->err, 'E');
		if (session->child && at[2].revents)
			pass_on(id);
	}
	if (is_waiting() || fds[0].revents)
		take_frame();
}

int terminal(int argc, char **argv)
{
	static const char greeting[] = "vmmci-terminal 1";
	const struct sigaction action = { .sa_handler = nothing };
	sigset_t mask, before;
	pid_t child;

	(void)argc;
	(void)argv;
	make_raw();
	/* The end of a child is heard of in ppoll alone. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &before);
	sigaction(SIGCHLD, &action, 0);
	signal(SIGPIPE, SIG_IGN);
	send_frame('g', 0, greeting, sizeof(greeting) - 1);
	child = fork();
	if (child)
		return child < 0;
	for (;;)
		wait_and_serve(&before);
}
