/* SPDX-License-Identifier: ISC */
/* Loads kernel modules. */

/* Locks out other processes that load modules. Close the returned descriptor to unlock. */
int lock_modules(void);

/*
 * Loads the modules with a matching alias, with their recorded parameters. Does nothing without an index, and
 * ignores modules that the kernel refuses.
 */
void load_by_alias(const char *alias);
