/* SPDX-License-Identifier: GPL-2.0 */
/* What both modules ask of the system. */
#ifndef VMMCI_SYSTEM_H
#define VMMCI_SYSTEM_H

#include <linux/kernel.h>

/* From device_shutdown() on, and until then in the programs that bring the system there. */
static inline bool system_is_going_down(void)
{
	return system_state >= SYSTEM_HALT && system_state <= SYSTEM_RESTART;
}

#endif /* VMMCI_SYSTEM_H */
