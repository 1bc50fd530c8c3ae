/* SPDX-License-Identifier: GPL-2.0 */
/* The state of the system, for both modules. */
#ifndef VMMCI_SYSTEM_H
#define VMMCI_SYSTEM_H

#include <linux/kernel.h>

/* True from the moment at which the kernel begins to halt, power off or restart. */
static inline bool system_is_going_down(void)
{
	return system_state >= SYSTEM_HALT && system_state <= SYSTEM_RESTART;
}

#endif /* VMMCI_SYSTEM_H */
