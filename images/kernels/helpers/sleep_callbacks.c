// SPDX-License-Identifier: ISC
/*
 * Tells which callbacks the driver of a PCI function lacks to wake up: one for each kind of sleep for which
 * it has one. Each has three phases (include/linux/pm.h), one of which is enough.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>

static char *address;
module_param(address, charp, 0444);
MODULE_PARM_DESC(address, "The function, such as 0000:00:05.0");

static char missing[64];
module_param_string(missing, missing, sizeof(missing), 0444);
MODULE_PARM_DESC(missing, "The callbacks, each after a blank");

#define HAS(pm, name, early) ((pm)->name || (pm)->name##_##early || (pm)->name##_noirq)

static void note(bool is_missing, const char *name)
{
	size_t length = strlen(missing);

	if (is_missing)
		scnprintf(missing + length, sizeof(missing) - length, " %s", name);
}

static int __init sleep_callbacks_init(void)
{
	struct device *dev = bus_find_device_by_name(&pci_bus_type, NULL, address);
	const struct dev_pm_ops *pm;

	if (!dev)
		return -ENODEV;
	pm = dev->driver ? dev->driver->pm : NULL;
	if (pm) {
		note(HAS(pm, suspend, late) && !HAS(pm, resume, early), "resume");
		note(HAS(pm, freeze, late) && !HAS(pm, thaw, early), "thaw");
		note(HAS(pm, freeze, late) && !HAS(pm, restore, early), "restore");
	}
	put_device(dev);
	return 0;
}

static void __exit sleep_callbacks_exit(void)
{
}

module_init(sleep_callbacks_init);
module_exit(sleep_callbacks_exit);
MODULE_DESCRIPTION("Tells which callbacks a driver lacks to wake up");
MODULE_LICENSE("Dual BSD/GPL");
