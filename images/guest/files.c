// SPDX-License-Identifier: ISC
/*
 * read-files [-f] PATTERN…: prints the matching files one after the other; with -f, missing files are
 * skipped.
 * write-file PATH TEXT: writes the text to an existing file with one write(2), for files of the kernel.
 */

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

/*
 * Fails because nothing matches the pattern. If that is so for its directory, the message names that, without
 * the file.
 */
static _Noreturn void fail_to_match(char *pattern)
{
	char *file = strrchr(pattern, '/');
	glob_t found;

	if (file && file > pattern) {
		*file = 0;
		if (glob(pattern, 0, 0, &found) != GLOB_NOMATCH)
			*file = '/';
	}
	errno = ENOENT;
	fail_at(pattern);
}

static void print(const char *path)
{
	static char block[1 << 14];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		fail_at(path);
	while ((count = read(fd, block, sizeof(block))) > 0)
		fwrite(block, 1, (size_t)count, out);
	if (count < 0)
		fail_at(path);
	close(fd);
}

int read_files(int argc, char **argv)
{
	int is_forced = argc > 1 && !strcmp(argv[1], "-f");
	glob_t found;

	for (int index = is_forced ? 2 : 1; index < argc; index++) {
		/* Without -f, a pattern without a match counts as a missing file. */
		int status = glob(argv[index], 0, 0, &found);

		if (status == GLOB_NOMATCH && is_forced)
			continue;
		if (status == GLOB_NOMATCH)
			fail_to_match(argv[index]);
		if (status)
			fail(argv[index]);
		for (size_t at = 0; at < found.gl_pathc; at++)
			print(found.gl_pathv[at]);
		globfree(&found);
	}
	return 0;
}

int write_file(int argc, char **argv)
{
	int fd;
	ssize_t count;

	if (argc != 3)
		fail("PATH TEXT");
	fd = open(argv[1], O_WRONLY | O_TRUNC | O_CLOEXEC);
	count = fd < 0 ? -1 : write(fd, argv[2], strlen(argv[2]));
	if (count != (ssize_t)strlen(argv[2]))
		fail_at(argv[1]);
	close(fd);
	return 0;
}
