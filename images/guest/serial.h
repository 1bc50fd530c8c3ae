/* SPDX-License-Identifier: ISC */
/* The serial line of the agent: its standard input and output. It ends with the line. */

#include <stddef.h>

/* The next byte. */
char next(void);

/* The next word, up to a space or a newline; what does not fit is dropped. */
void word(char *to, long room);

/* The next so many bytes and what ends a request; what does not fit is dropped. */
void take(char *to, long room, long bytes);

/* Passes the next so many bytes on. */
void copy(int fd, long count);

void put(int fd, const char *data, size_t count);
