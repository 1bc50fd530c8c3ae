// SPDX-License-Identifier: ISC
/*
 * A minimal module that includes the headers every virtio driver needs. If it does not compile for a kernel,
 * a driver that does not compile for that kernel is not to blame.
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
