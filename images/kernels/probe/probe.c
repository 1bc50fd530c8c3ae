// SPDX-License-Identifier: ISC
/*
 * The least that a module can be, with headers that every virtio driver needs: where this does not compile, it is not the driver's fault
 * that it does not compile.
 */
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

static int __init probe_init(void)
{
	return 0;
}

static void __exit probe_exit(void)
{
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_DESCRIPTION("Compiles wherever a module can be built");
MODULE_LICENSE("Dual BSD/GPL");
