/* SPDX-License-Identifier: ISC */
/* Bytes as base64, to the serial line. */

#include <stddef.h>

/* Whole groups of three bytes: only the last call for a line may have others. */
void encode(const unsigned char *from, size_t count);

/* What the file holds, and a newline. The agent ends if there is no such file. */
void encode_file(const char *path);
