/* SPDX-License-Identifier: ISC */
/* Writes bytes as base64 to the serial line. */

#include <stddef.h>

/* `count` must be a multiple of three, except in the last call for a line. */
void encode(const unsigned char *from, size_t count);

/* Writes the file's content and a newline. The agent exits if the file does not exist. */
void encode_file(const char *path);
