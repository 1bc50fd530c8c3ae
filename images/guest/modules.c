// SPDX-License-Identifier: ISC
/*
 * load MODULE [PARAMETER=VALUE…] [MODULE …]: loads modules in that order, each after its dependencies. The
 * parameters also apply when a module is loaded by alias later.
 * unload [loaded] MODULE…: unloads modules in that order. With `loaded`, unloads only loaded modules and
 * prints their names.
 *
 * Not modprobe: together with the shell that starts it, and a second modprobe for the alias of the device
 * that the first module creates, it took a tenth of a second under TCG.
 */

#include "command.h"
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* modprobe reads this file, too. */
static const char options_file[] = "/etc/modprobe.d/vmmci.conf";

enum { PATH = 512, WORDS = 512 };

/* linux/module.h */
enum { MODULE_INIT_COMPRESSED_FILE = 4 };

int lock_modules(void)
{
	static const char path[] = "/run/modules.lock";
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX))
		fail_at(path);
	return fd;
}

/* Opens a file of this kernel's module index. Returns null if it does not exist. */
static FILE *open_index(const char *name)
{
	struct utsname kernel;
	char path[PATH];

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/%s", kernel.release, name);
	return fopen(path, "re");
}

/* In module names, '-' and '_' are equivalent. */
static int same_character(char one, char other)
{
	return one == other || (strchr("-_", one) && strchr("-_", other));
}

/* Returns true if a line of the index, PATH/MODULE.ko…: …, belongs to the module. */
static int is_file_of(const char *line, const char *module)
{
	const char *name = line;

	for (const char *at = line; *at != ':'; at++)
		if (*at == '/')
			name = at + 1;
	while (*module && same_character(*name, *module))
		name++, module++;
	return !*module && starts(name, ".ko");
}

/* Reads `coming`, `live` or `going`; an empty text if the module is not loaded. */
static void read_state(char *state, int room, const char *module)
{
	char path[PATH];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	for (char *at = path; *at; at++)
		if (*at == '-')
			*at = '_';
	*state = 0;
	file = fopen(path, "re");
	if (file && !fgets(state, room, file))
		*state = 0;
	if (file)
		fclose(file);
}

/* Returns true if the module is loaded. Waits if another process is loading it. */
static int is_live(const char *module)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	char state[16];

	for (;;) {
		read_state(state, sizeof(state), module);
		if (!starts(state, "coming"))
			return starts(state, "live");
		nanosleep(&pause, 0);
	}
}

/* Loads a module file. Returns 0, also if the module is already loaded, or -1 and errno. */
static int load_file(const char *relative, const char *parameters)
{
	struct utsname kernel;
	char path[PATH];
	const char *suffix = strrchr(relative, '.');
	int fd, flags = suffix && strcmp(suffix, ".ko") ? MODULE_INIT_COMPRESSED_FILE : 0, status;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/%s", kernel.release, relative);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	status = (int)syscall(SYS_finit_module, fd, parameters, flags);
	if (status && errno == EEXIST)
		status = 0;
	close(fd);
	return status;
}

/*
 * Loads the modules in a line of the index, `FILE: FILE…`: the dependencies from last to first, then the
 * module. Changes the line.
 */
static int load_line(char *line, const char *parameters)
{
	char *colon = strchr(line, ':'), *last;

	line[strcspn(line, "\n")] = 0;
	while ((last = strrchr(colon, ' '))) {
		*last = 0;
		if (last[1] && load_file(last + 1, ""))
			return -1;
	}
	*colon = 0;
	return load_file(line, parameters);
}

/* Returns the module's line in the index. The caller frees it. */
static char *line_of(const char *module)
{
	FILE *index = open_index("modules.dep");
	char *line = 0;
	size_t room = 0;

	while (index && getline(&line, &room, index) > 0)
		if (strchr(line, ':') && is_file_of(line, module)) {
			fclose(index);
			return line;
		}
	if (index)
		fclose(index);
	free(line);
	errno = ENOENT;
	return 0;
}

static int load_module(const char *module, const char *parameters)
{
	char *line;
	int status;

	if (is_live(module))
		return 0;
	line = line_of(module);
	status = line ? load_line(line, parameters) : -1;
	free(line);
	return status ? status : is_live(module) ? 0 : -1;
}

/* Collects the recorded parameters of a module, each after a space. */
static void recorded_parameters(char *to, size_t room, const char *module)
{
	FILE *file = fopen(options_file, "re");
	char line[WORDS], name[WORDS], rest[WORDS];

	*to = 0;
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "options %s %[^\n]", name, rest) == 2 && !strcmp(name, module))
			snprintf(to + strlen(to), room - strlen(to), " %s", rest);
	if (file)
		fclose(file);
}

void load_by_alias(const char *wanted)
{
	FILE *index = open_index("modules.alias");
	char line[WORDS], pattern[WORDS], module[WORDS], parameters[WORDS];

	while (index && fgets(line, sizeof(line), index))
		if (sscanf(line, "alias %s %s", pattern, module) == 2 && !fnmatch(pattern, wanted, 0)) {
			recorded_parameters(parameters, sizeof(parameters), module);
			load_module(module, parameters);
		}
	if (index)
		fclose(index);
}

static int is_parameter(const char *word)
{
	return word && strchr(word, '=');
}

int load(int argc, char **argv)
{
	int lock = lock_modules();
	FILE *file = fopen(options_file, "we");

	if (!file)
		fail_at(options_file);
	for (int index = 1, module = 1; index < argc; index++)
		if (is_parameter(argv[index]))
			fprintf(file, "options %s %s\n", argv[module], argv[index]);
		else
			module = index;
	if (fclose(file))
		fail_at(options_file);
	for (int index = 1; index < argc; index++) {
		char parameters[WORDS];

		if (is_parameter(argv[index]))
			continue;
		recorded_parameters(parameters, sizeof(parameters), argv[index]);
		if (load_module(argv[index], parameters))
			fail_at(argv[index]);
	}
	close(lock);
	return 0;
}

/*
 * The kernel holds a module until its init function has returned, which is after the module is shown as live.
 * In the meantime uevents holds the lock.
 */
static int delete_module(const char *module)
{
	int lock;

	if (!syscall(SYS_delete_module, module, O_NONBLOCK))
		return 0;
	if (errno != EAGAIN)
		return -1;
	lock = lock_modules();
	close(lock);
	return syscall(SYS_delete_module, module, O_NONBLOCK);
}

int unload(int argc, char **argv)
{
	int is_asked = argc > 1 && !strcmp(argv[1], "loaded");

	for (int index = is_asked ? 2 : 1; index < argc; index++) {
		if (is_asked && !is_live(argv[index]))
			continue;
		if (delete_module(argv[index]))
			fail_at(argv[index]);
		if (is_asked)
			fprintf(out, "%s\n", argv[index]);
	}
	return 0;
}
