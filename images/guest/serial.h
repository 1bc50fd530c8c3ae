/* SPDX-License-Identifier: ISC */
/* The agent's serial line: its standard input and output. The agent exits when the line ends. */

#include <stddef.h>

/* Reads the next byte. */
char next(void);

/* Reads the next word, up to a space or a newline, and drops what does not fit. */
void word(char *to, long room);

/* Reads `bytes` bytes and the full stop after them, and drops what does not fit. */
void take(char *to, long room, long bytes);

/* Copies the next `count` bytes to a descriptor. */
void copy(int fd, long count);

void put(int fd, const char *data, size_t count);
