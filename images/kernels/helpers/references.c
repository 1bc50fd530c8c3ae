// SPDX-License-Identifier: ISC
/*
 * Tells how many references there are to a PCI function. The kernel frees the function when it is unplugged
 * and none is left, so one that a driver has kept shows in no list.
 */
#include <linux/module.h>
#include <linux/pci.h>

static char *address;
module_param(address, charp, 0444);
MODULE_PARM_DESC(address, "The function, such as 0000:00:05.0");

static unsigned int count;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "The number of references");

static int __init references_init(void)
{
	struct device *dev = bus_find_device_by_name(&pci_bus_type, NULL, address);

	if (!dev)
		return -ENODEV;
	put_device(dev);
	count = kref_read(&dev->kobj.kref);
	return 0;
}

static void __exit references_exit(void)
{
}

module_init(references_init);
module_exit(references_exit);
MODULE_DESCRIPTION("Counts the references to a PCI function");
MODULE_LICENSE("Dual BSD/GPL");
