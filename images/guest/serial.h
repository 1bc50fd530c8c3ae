/* SPDX-License-Identifier: ISC */
/* A program's serial line: its standard input and output. The program exits when the line ends. */

#include <stddef.h>

/* From now on every byte passes unchanged, and none is echoed. */
void make_raw(void);

/* Whether `next` has a byte without waiting for the line. */
int is_waiting(void);

/* Reads the next byte. */
char next(void);

/* Reads the next word, up to a space or a newline, and drops what does not fit. */
void word(char *to, long room);

/* Reads `bytes` bytes and the full stop after them, and drops what does not fit. */
void take(char *to, long room, long bytes);

/* Copies the next `count` bytes to a descriptor. */
void copy(int fd, long count);

void put(int fd, const char *data, size_t count);
