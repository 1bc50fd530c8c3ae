/* SPDX-License-Identifier: ISC */
/* Large outputs for the host, in slots at the end of a disk. */

#ifndef OUTPUT_SLOTS_H
#define OUTPUT_SLOTS_H

#include <stddef.h>

/* O_DIRECT needs multiples of a block, in memory too. */
enum { SLOT_SIZE = 1 << 16, SLOT_ALIGNMENT = 4096 };

/* Without a disk that can be written, there are no slots. */
void open_slots(const char *disk);

/* Returns the number of an empty slot, or -1. */
int free_slot(void);

/* True if there are slots and none is empty. */
int are_slots_full(void);

/*
 * `data` is aligned, and has SLOT_SIZE bytes of which `count` matter. Returns 0 if the disk does not take it.
 * There are no slots from then on.
 */
int fill_slot(int slot, const char *data, size_t count);

/* The host has read it. */
void empty_slot(int slot);

#endif
