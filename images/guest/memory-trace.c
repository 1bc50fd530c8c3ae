// SPDX-License-Identifier: ISC
/*
 * memory-trace begin: starts tracing the allocations of modules, and everything that is freed
 * (include/trace/events/kmem.h of the kernel).
 * memory-trace note MODULE…: notes what these modules have allocated and not freed. Their symbols are gone
 * when they are unloaded.
 * memory-trace end: waits a moment until all of that is freed, stops tracing, and prints for each allocation
 * that is left the function that made it.
 *
 * Not a shell script with awk, because one took 0.3 s under TCG.
 */

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/"
#define EVENTS TRACING "events/kmem/"

static const char notes[] = "/run/driver-allocations";

/* Many times what a scenario with the driver needs. */
static const char buffer_kib_per_cpu[] = "8192";

/* On x86-64 the kernel loads modules above this address (Documentation/arch/x86/x86_64/mm.rst). */
static const char from_modules[] = "call_site >= 0xffffffffa0000000";

/* Memory that is freed after a grace period is freed a moment later: the trace is read this often. */
enum { ATTEMPTS = 20, CALLER = 160, LINE = 1 << 14 };

/* An allocation that is not freed yet. */
struct allocation {
	uint64_t at;
	char caller[CALLER];
};

/* Kept for the next run, like all memory of this program; each run begins with `count` 0. */
static struct allocation *live;
static size_t count, room;

static void put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail_at(path);
	close(fd);
}

static void begin(void)
{
	if (access(TRACING "trace", F_OK) && mount("tracefs", TRACING, "tracefs", 0, 0))
		fail_at(TRACING);
	put_text(TRACING "tracing_on", "0");
	put_text(TRACING "buffer_size_kb", buffer_kib_per_cpu);
	/* Opening it for writing empties the buffer. */
	put_text(TRACING "trace", "\n");
	if (sizeof(void *) == 8)
		put_text(EVENTS "kmalloc/filter", from_modules);
	put_text(EVENTS "kmalloc/enable", "1");
	put_text(EVENTS "kfree/enable", "1");
	put_text(TRACING "tracing_on", "1");
}

static void add(uint64_t at, const char *caller, size_t size)
{
	if (count == room) {
		size_t more = room ? 2 * room : 64;
		struct allocation *moved = realloc(live, more * sizeof(*live));

		if (!moved)
			fail_at("allocations");
		live = moved;
		room = more;
	}
	live[count].at = at;
	snprintf(live[count].caller, CALLER, "%.*s", (int)size, caller);
	count++;
}

static void drop(uint64_t at)
{
	for (size_t index = 0; index < count; index++)
		if (live[index].at == at)
			live[index--] = live[--count];
}

/* Returns true if the caller, FUNCTION+OFFSET/SIZE [MODULE], is in one of the modules. */
static int is_in(const char *caller, size_t size, char *const *modules)
{
	const char *bracket = memchr(caller, '[', size);

	if (!bracket)
		return 0;
	for (size_t length; *modules; modules++) {
		length = strlen(*modules);
		if (!strncmp(bracket + 1, *modules, length) && bracket[1 + length] == ']')
			return 1;
	}
	return 0;
}

/* Takes a line of the trace, `… 12.345678: kmalloc: call_site=FUNCTION+0x10/0x20 [MODULE] ptr=… …`. */
static void take_event(const char *line, char *const *modules)
{
	const char *allocated = strstr(line, ": kmalloc: "), *caller = strstr(line, " call_site=");
	const char *pointer = strstr(line, " ptr=");
	uint64_t at;

	if (!caller || !pointer || (!allocated && !strstr(line, ": kfree: ")))
		return;
	at = strtoull(pointer + strlen(" ptr="), 0, 16);
	caller += strlen(" call_site=");
	/* An allocation, too, shows that what was at this address has been freed. */
	drop(at);
	if (allocated && is_in(caller, (size_t)(pointer - caller), modules))
		add(at, caller, (size_t)(pointer - caller));
}

/* Takes the events since the last time. Allocations by `modules` are added to `live`. */
static void take_events(char *const *modules)
{
	static const char path[] = TRACING "trace_pipe";
	static char text[LINE];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	size_t filled = 0;
	ssize_t bytes;

	if (fd < 0)
		fail_at(path);
	while ((bytes = read(fd, text + filled, sizeof(text) - 1 - filled)) > 0) {
		char *line = text, *end;

		filled += (size_t)bytes;
		text[filled] = 0;
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			if (strstr(line, " EVENTS]"))
				fail("the trace has lost events");
			take_event(line, modules);
		}
		filled -= (size_t)(line - text);
		memmove(text, line, filled);
		if (filled == sizeof(text) - 1)
			fail("a line of the trace is too long");
	}
	if (bytes < 0 && errno != EAGAIN)
		fail_at(path);
	close(fd);
}

static void write_notes(void)
{
	FILE *file = fopen(notes, "we");

	if (!file)
		fail_at(notes);
	for (size_t index = 0; index < count; index++)
		fprintf(file, "%llx %s\n", (unsigned long long)live[index].at, live[index].caller);
	if (fclose(file))
		fail_at(notes);
}

static void read_notes(void)
{
	FILE *file = fopen(notes, "re");
	char line[CALLER + 32], *caller;

	if (!file)
		fail_at(notes);
	while (fgets(line, sizeof(line), file)) {
		uint64_t at = strtoull(line, &caller, 16);

		add(at, caller + 1, strcspn(caller + 1, "\n"));
	}
	fclose(file);
}

static void end(void)
{
	static const struct timespec pause = { .tv_nsec = 100000000 };
	char *none = 0;

	read_notes();
	take_events(&none);
	for (int attempt = 1; count && attempt < ATTEMPTS; attempt++) {
		nanosleep(&pause, 0);
		take_events(&none);
	}
	put_text(TRACING "tracing_on", "0");
	put_text(EVENTS "enable", "0");
	put_text(EVENTS "kmalloc/filter", "0");
	for (size_t index = 0; index < count; index++)
		fprintf(out, "%s\n", live[index].caller);
}

int memory_trace(int argc, char **argv)
{
	const char *step = argc > 1 ? argv[1] : "";

	count = 0;
	if (!strcmp(step, "begin"))
		begin();
	else if (!strcmp(step, "note")) {
		take_events(argv + 2);
		write_notes();
	} else if (!strcmp(step, "end"))
		end();
	else
		fail("begin, note MODULE... or end");
	return 0;
}
