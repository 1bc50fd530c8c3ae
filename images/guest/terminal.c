// SPDX-License-Identifier: ISC
/*
 * terminal: runs programs for people on the host. Each program is a session with its own terminal or pipes.
 * Standard input and output of `terminal` are ttyS2. It daemonizes after its greeting. Both directions carry
 * frames: a byte for the kind, a byte for the session, two bytes for the length of the content (big-endian),
 * and the content. Each field of a content ends in a zero byte. Numbers are decimal.
 *
 * from the host
 * o      opens a session. Fields: t (terminal) or p (pipes), rows, columns, TERM, directory, and a command
 *        for sh; an empty command starts an interactive shell. A seventh field allows L, and names the disk
 *        for it
 * i      input. The host sends the next input after the acknowledgement. Length 0 is the end of the input
 * w      resizes the terminal. Fields: rows, columns
 * h      holds back the output of the session, except what it has left when it ends
 * r      releases the output
 * k      sends a signal to all processes of the session. Field: number of the signal
 * c      closes the session: its processes get SIGHUP
 * f      frees a slot of the disk. Field: its number. The session does not matter
 *
 * from the guest
 * g      greeting: the program has started and has no sessions. The content is fixed, so that the host finds
 *        the frame after a reset of the guest has cut off another one
 * O, E   standard output and standard error; with a terminal, both are O
 * L      output that a serial port would need long for, in a slot on the disk, until the host frees it. The
 *        last mebibyte of the disk is 16 slots. Fields: O or E, number of the slot, length
 * A      acknowledges an input
 * X      the session has ended: the exit status as a shell shows it, or an exclamation mark and an error
 *        message
 */

#include "command.h"
#include "output-slots.h"
#include "program.h"
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SESSIONS = 16, CONTENT = 4096, FIELDS = 7 };

/* A session without a child is free. */
static struct session {
	pid_t child;
	struct ends ends;
	int is_held;
	/* Input from the host; `done` of `count` bytes have been written to the program. */
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
	/* With a terminal, both are one descriptor. */
	if (session->ends.in == session->ends.out)
		session->ends.in = -1;
	close_end(&session->ends.in);
	close_end(&session->ends.out);
	close_end(&session->ends.err);
	session->child = 0;
}

/* Up to this many bytes, the serial port is as fast as the disk. */
enum { SMALL = 512 };

static void send_output(char kind, int id, int slot, const char *data, size_t count)
{
	char text[32];

	if (slot >= 0 && count > SMALL && fill_slot(slot, data, count)) {
		int length = snprintf(text, sizeof(text), "%c%c%d%c%zu", kind, 0, slot, 0, count);

		send_frame('L', id, text, (size_t)length + 1);
		return;
	}
	for (size_t some; count > 0; data += some, count -= some) {
		some = count < CONTENT ? count : CONTENT;
		send_frame(kind, id, data, some);
	}
}

/* Sends available output to the host without waiting. Closes the descriptor at the end of the output. */
static void relay(int id, int *fd, char kind)
{
	static _Alignas(SLOT_ALIGNMENT) char buffer[SLOT_SIZE];
	int slot = free_slot();
	ssize_t count = *fd < 0 ? 0 : read(*fd, buffer, slot < 0 ? CONTENT : SLOT_SIZE);

	if (count > 0)
		send_output(kind, id, slot, buffer, (size_t)count);
	else if (*fd >= 0 && (count == 0 || (errno != EAGAIN && errno != EINTR))) {
		if (sessions[id].ends.in == *fd)
			sessions[id].ends.in = -1;
		close_end(fd);
	}
}

static int has_more(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&one, 1, 0) > 0;
}

/* Ends a session whose child has exited: sends the rest of its output, then its status. */
static void finish(int id, int status)
{
	struct session *session = &sessions[id];

	while (has_more(session->ends.out))
		relay(id, &session->ends.out, 'O');
	while (has_more(session->ends.err))
		relay(id, &session->ends.err, 'E');
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

/* Splits the content into at most `limit` fields. Missing fields are empty. */
static void split(size_t length, char **fields, int limit)
{
	char *at = content;

	content[length] = 0;
	for (int index = 0; index < limit; index++) {
		fields[index] = at < content + length ? at : content + length;
		at += strlen(at) + 1;
	}
}

static void open_session(int id, size_t length)
{
	struct session *session = &sessions[id];
	char *fields[FIELDS];
	pid_t child;

	split(length, fields, FIELDS);
	if (*fields[6])
		open_slots(fields[6]);
	session->count = session->done = 0;
	session->is_held = 0;
	child = *fields[0] == 't' ? fork_with_terminal(&session->ends, size_of(fields[1], fields[2])) :
				    fork_with_pipes(&session->ends);
	if (child == 0)
		become(fields[3], fields[4], fields[5]);
	if (child < 0) {
		send_failure(id, "a session cannot be opened");
		return;
	}
	session->child = child;
	for (int index = 0; index < 3; index++) {
		int fd = index == 0 ? session->ends.in : index == 1 ? session->ends.out : session->ends.err;

		if (fd >= 0)
			fcntl(fd, F_SETFL, O_NONBLOCK);
	}
}

/*
 * Writes input to the program, and acknowledges it when all is written or the program has closed its input.
 */
static void pass_on(int id)
{
	struct session *session = &sessions[id];

	while (session->ends.in >= 0 && session->done < session->count) {
		ssize_t some = write(session->ends.in, session->input + session->done,
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
		if (session->ends.in != session->ends.out)
			close_end(&session->ends.in);
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
	/* The status of a process that the signal ended. */
	send_end(id, SIGHUP);
}

static void take_frame(void)
{
	char kind = next(), *fields[2];
	int id = (unsigned char)next();
	size_t length = (size_t)(unsigned char)next() << 8;

	length |= (unsigned char)next();
	/* The host never sends this, so the stream is out of step. A new process starts in step. */
	if (id >= SESSIONS || length > CONTENT)
		exit(1);
	for (size_t at = 0; at < length; at++)
		content[at] = next();
	if (kind == 'f') {
		split(length, fields, 1);
		empty_slot(atoi(fields[0]));
		return;
	}
	if (kind == 'o' && !sessions[id].child)
		open_session(id, length);
	/* The session may have ended before this frame arrived. */
	if (!sessions[id].child || kind == 'o')
		return;
	if (kind == 'i')
		take_input(id, length);
	else if (kind == 'c')
		hang_up(id);
	else if (kind == 'h' || kind == 'r')
		sessions[id].is_held = kind == 'h';
	else {
		split(length, fields, 2);
		if (kind == 'k')
			kill(-sessions[id].child, atoi(fields[0]));
		else if (kind == 'w') {
			struct winsize size = size_of(fields[0], fields[1]);

			ioctl(sessions[id].ends.out, TIOCSWINSZ, &size);
		}
	}
}

static void nothing(int signal)
{
	(void)signal;
}

/* Waits for a frame, output of a program, or the end of a program, and handles it. */
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
		if (!session->is_held && !are_slots_full()) {
			at[0].fd = session->ends.out;
			at[1].fd = session->ends.err;
		}
		at[2].fd = session->count ? session->ends.in : -1;
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
			relay(id, &session->ends.out, 'O');
		if (session->child && at[1].revents)
			relay(id, &session->ends.err, 'E');
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
	/* SIGCHLD is delivered only during ppoll. */
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
