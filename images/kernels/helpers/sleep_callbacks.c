// SPDX-License-Identifier: ISC
/*
 * Tells which callbacks the driver of a PCI function lacks to wake up: one for each kind of sleep for which
 * it has one. Each has three phases (include/linux/pm.h), one of which is enough. On request it has the
 * driver resume from disk: it calls what the kernel calls in the image, and in between leaves the virtio
 * device as the kernel does that loads the image.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/virtio_pci.h>

static char *address;
module_param(address, charp, 0444);
MODULE_PARM_DESC(address, "The function, such as 0000:00:05.0");

static bool resume;
module_param(resume, bool, 0444);
MODULE_PARM_DESC(resume, "Have the driver resume from disk");

static int error;
module_param(error, int, 0444);
MODULE_PARM_DESC(error, "The first error of a callback; 0 if there was none");

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

/* Like the kernel, calls the function of the bus, or else that of the driver (drivers/base/power/main.c). */
#define CALL(dev, pm, name)							\
	do {									\
		const struct dev_pm_ops *bus = (dev)->bus->pm;			\
		int (*call)(struct device *) = bus && bus->name ? bus->name : (pm)->name; \
										\
		if (call && !error)						\
			error = call(dev);					\
	} while (0)

static void resume_from_disk(struct device *dev, const struct dev_pm_ops *pm)
{
	unsigned long base = pci_resource_start(to_pci_dev(dev), 0);

	CALL(dev, pm, freeze);
	CALL(dev, pm, freeze_late);
	CALL(dev, pm, freeze_noirq);
	outb(0, base + VIRTIO_PCI_STATUS);
	outl(0, base + VIRTIO_PCI_GUEST_FEATURES);
	CALL(dev, pm, restore_noirq);
	CALL(dev, pm, restore_early);
	CALL(dev, pm, restore);
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
		/* A guest that can sleep at all can also be put on disk, with or without freeze. */
		note((HAS(pm, freeze, late) || HAS(pm, suspend, late)) && !HAS(pm, restore, early), "restore");
		if (resume) {
			device_lock(dev);
			resume_from_disk(dev, pm);
			device_unlock(dev);
		}
	}
	put_device(dev);
	return 0;
}

static void __exit sleep_callbacks_exit(void)
{
}

module_init(sleep_callbacks_init);
module_exit(sleep_callbacks_exit);
MODULE_DESCRIPTION("Tells which callbacks a driver lacks to wake up, and calls them");
MODULE_LICENSE("Dual BSD/GPL");
