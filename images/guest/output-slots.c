// SPDX-License-Identifier: ISC
// The slots at the end of a disk through which large outputs reach the host.

#include "output-slots.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

enum { SLOTS = 16 };

static int disk = -1;
/* Where the slots begin. */
static off_t start;
/* A bit for each slot that the host has not emptied. */
static unsigned full;

static void close_slots(void)
{
	close(disk);
	disk = -1;
}

void open_slots(const char *path)
{
	if (disk >= 0)
		return;
	disk = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
	if (disk < 0)
		return;
	start = lseek(disk, 0, SEEK_END) - SLOTS * SLOT_SIZE;
	if (start < 0)
		close_slots();
}

int free_slot(void)
{
	for (int slot = 0; disk >= 0 && slot < SLOTS; slot++)
		if (!(full & 1u << slot))
			return slot;
	return -1;
}

int are_slots_full(void)
{
	return disk >= 0 && free_slot() < 0;
}

int fill_slot(int slot, const char *data, size_t count)
{
	size_t blocks = (count + SLOT_ALIGNMENT - 1) / SLOT_ALIGNMENT * SLOT_ALIGNMENT;

	if (pwrite(disk, data, blocks, start + slot * SLOT_SIZE) != (ssize_t)blocks) {
		close_slots();
		return 0;
	}
	full |= 1u << slot;
	return 1;
}

void empty_slot(int slot)
{
	full &= ~(1u << (slot & (SLOTS - 1)));
}
