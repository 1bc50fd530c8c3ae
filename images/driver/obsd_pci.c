// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio transport for the one PCI device of OpenBSD's vmd(8) that Linux does
 * not know: the VMM control interface, 0b5d:0777.
 *
 * The device speaks legacy virtio (0.9) over I/O ports and has no queues. The
 * kernel's own virtio_pci cannot drive it: its id is outside the range that
 * legacy virtio may use, and vmd dispatches an access on its start offset
 * alone: a byte read within a register returns what the last read returned,
 * so the stock transport, which reads byte by byte, reads garbage. All config
 * accesses here are 32 bits wide and start on a register.
 *
 * Writing 0 to the status register does not reset the device. vmd only stores
 * the 0 and keeps features, ISR and command, so obsd_quiesce() does what a
 * reset would do.
 */

#include <linux/compiler.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "obsd.h"

#define OBSD_NAME		"virtio-pci-obsd"
#define OBSD_VENDOR		0x0b5d
#define OBSD_DEVICE_VMMCI	0x0777
#define OBSD_SUBDEVICE_VMMCI	0xffff
#define OBSD_REVISION		0

#define OBSD_BAR		0

/*
 * The line may be shared. Reading the ISR clears it and lowers the line. All
 * ones mean that the device is gone: to claim the interrupt then would be to
 * claim every interrupt of the other devices on the line.
 */
static irqreturn_t obsd_interrupt(int irq, void *data)
{
	struct obsd_device *od = data;
	u8 isr = ioread8(od->base + VIRTIO_PCI_ISR);

	if (!isr || isr == OBSD_GONE8)
		return IRQ_NONE;

	/* Pairs with obsd_set_status(). */
	if ((isr & VIRTIO_PCI_ISR_CONFIG) && smp_load_acquire(&od->up))
		virtio_config_changed(&od->vdev);
	return IRQ_HANDLED;
}

static void obsd_release(struct device *dev)
{
	kfree(to_obsd(dev_to_virtio(dev)));
}

/* new_id and driver_override bypass the id table, so check again. */
static bool obsd_is_vmmci(struct pci_dev *pci)
{
	return pci->vendor == OBSD_VENDOR && pci->device == OBSD_DEVICE_VMMCI &&
	       pci->subsystem_vendor == OBSD_VENDOR &&
	       pci->subsystem_device == OBSD_SUBDEVICE_VMMCI &&
	       pci->revision == OBSD_REVISION;
}

static int obsd_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct obsd_device *od;
	bool registered = false;
	int err;

	if (!obsd_is_vmmci(pci))
		return -ENODEV;
	if (!(pci_resource_flags(pci, OBSD_BAR) & IORESOURCE_IO) ||
	    pci_resource_len(pci, OBSD_BAR) <= OBSD_CONFIG) {
		dev_err(&pci->dev, "BAR %d is not the I/O range of a legacy virtio device\n", OBSD_BAR);
		return -ENODEV;
	}

	od = kzalloc(sizeof(*od), GFP_KERNEL);
	if (!od)
		return -ENOMEM;

	od->pci = pci;
	od->config_size = pci_resource_len(pci, OBSD_BAR) - OBSD_CONFIG;
	od->vdev.dev.parent = &pci->dev;
	od->vdev.dev.release = obsd_release;
	od->vdev.config = &obsd_config_ops;
	od->vdev.id.vendor = pci->subsystem_vendor;
	od->vdev.id.device = pci->subsystem_device;

	err = pci_enable_device(pci);
	if (err)
		goto free;

	err = pci_request_region(pci, OBSD_BAR, OBSD_NAME);
	if (err)
		goto disable;

	od->base = pci_iomap(pci, OBSD_BAR, 0);
	if (!od->base) {
		err = -ENOMEM;
		goto release_region;
	}

	if (ioread32(od->base + VIRTIO_PCI_HOST_FEATURES) == OBSD_GONE32) {
		dev_err(&pci->dev, "the device does not respond\n");
		err = -ENODEV;
		goto unmap;
	}

	/* What an earlier driver left must not look like a new interrupt. */
	obsd_quiesce(od);

	err = request_irq(pci->irq, obsd_interrupt, IRQF_SHARED, OBSD_NAME, od);
	if (err) {
		dev_err(&pci->dev, "cannot request interrupt %u: error %d\n", pci->irq, err);
		goto unmap;
	}

	pci_set_drvdata(pci, od);

	/* From here on the reference count frees the structure, also if this fails. */
	registered = true;
	err = register_virtio_device(&od->vdev);
	if (err)
		goto free_irq;

	return 0;

free_irq:
	obsd_quiesce(od);
	free_irq(pci->irq, od);
	pci_set_drvdata(pci, NULL);
unmap:
	pci_iounmap(pci, od->base);
release_region:
	pci_release_region(pci, OBSD_BAR);
disable:
	pci_disable_device(pci);
free:
	if (registered)
		put_device(&od->vdev.dev);
	else
		kfree(od);
	return err;
}

static void obsd_remove(struct pci_dev *pci)
{
	struct obsd_device *od = pci_get_drvdata(pci);

	/* Keeps the structure until the last line; unregistering drops the core's reference. */
	get_device(&od->vdev.dev);
	unregister_virtio_device(&od->vdev);

	/* The core has set ACKNOWLEDGE again after its reset. */
	obsd_quiesce(od);
	free_irq(pci->irq, od);
	pci_iounmap(pci, od->base);
	pci_release_region(pci, OBSD_BAR);
	pci_disable_device(pci);
	pci_set_drvdata(pci, NULL);
	put_device(&od->vdev.dev);
}

#ifdef CONFIG_PM_SLEEP
static int obsd_suspend(struct device *dev)
{
	struct obsd_device *od = dev_get_drvdata(dev);

	return virtio_device_freeze(&od->vdev);
}

/*
 * The device may have lost its state (a guest that resumes from disk has a new
 * one), so the core negotiates again and sets DRIVER_OK.
 */
static int obsd_resume(struct device *dev)
{
	struct obsd_device *od = dev_get_drvdata(dev);

	if (ioread32(od->base + VIRTIO_PCI_HOST_FEATURES) == OBSD_GONE32) {
		dev_err(dev, "the device does not respond after resume\n");
		return -ENODEV;
	}
	return virtio_device_restore(&od->vdev);
}

static const struct dev_pm_ops obsd_pm_ops = {
	SET_SYSTEM_SLEEP_PM_OPS(obsd_suspend, obsd_resume)
};
#endif

static const struct pci_device_id obsd_ids[] = {
	{ PCI_DEVICE_SUB(OBSD_VENDOR, OBSD_DEVICE_VMMCI, OBSD_VENDOR, OBSD_SUBDEVICE_VMMCI) },
	{ }
};
MODULE_DEVICE_TABLE(pci, obsd_ids);

static struct pci_driver obsd_driver = {
	.name = OBSD_NAME,
	.id_table = obsd_ids,
	.probe = obsd_probe,
	.remove = obsd_remove,
#ifdef CONFIG_PM_SLEEP
	.driver.pm = &obsd_pm_ops,
#endif
};
module_pci_driver(obsd_driver);

MODULE_DESCRIPTION("Virtio transport for the control interface of OpenBSD vmd(8)");
MODULE_AUTHOR("The vmmci-harness authors");
MODULE_LICENSE("GPL");
