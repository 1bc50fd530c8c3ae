// SPDX-License-Identifier: ISC
/* Writes bytes as base64 to the serial line. */

#include "base64.h"
#include "serial.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Encodes groups of three bytes; only the last group may be shorter. */
void encode(const unsigned char *from, size_t count)
{
	static char to[4096];
	char *at = to;

	for (size_t index = 0; index < count; index += 3) {
		uint32_t second = index + 1 < count ? from[index + 1] : 0;
		uint32_t third = index + 2 < count ? from[index + 2] : 0;
		uint32_t bits = (uint32_t)from[index] << 16 | second << 8 | third;

		if (at == to + sizeof(to)) {
			put(1, to, sizeof(to));
			at = to;
		}
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = index + 1 < count ? digits[bits >> 6 & 63] : '=';
		*at++ = index + 2 < count ? digits[bits & 63] : '=';
	}
	put(1, to, (size_t)(at - to));
}

void encode_file(const char *path)
{
	static unsigned char block[3072];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t count;

	if (fd < 0)
		exit(1);

	do {
		ssize_t some;

		/* A short read is not the end of the file. */
		for (count = 0; (some = read(fd, block + count, sizeof(block) - count)) > 0; count += (size_t)some)
			;
		encode(block, count);
	} while (count == sizeof(block));
	put(1, "\n", 1);
	close(fd);
}
