/* SPDX-License-Identifier: ISC */
/* Loading of kernel modules. */

/* Nobody else who asks for the lock loads a module until it is given back: a descriptor to be closed. */
int lock_modules(void);

/*
 * Loads the modules whose alias fits, with the parameters that were noted for them. Nothing without an index,
 * and none that is refused.
 */
void load_by_alias(const char *alias);
