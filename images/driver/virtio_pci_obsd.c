// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio transport for the one PCI device of OpenBSD's vmd(8) that Linux does
 * not know: the VMM control interface, 0b5d:0777.
 *
 * The device speaks legacy virtio (0.9) over I/O ports and has no queues. The
 * kernel's own virtio_pci cannot drive it: its id is outside the range that
 * legacy virtio may use, and vmd dispatches an access on its start offset
 * alone. A byte read within a register leaves the reader with what it had
 * before, so the byte loop of the stock transport reads rubbish. All config
 * accesses here are 32 bits wide and start on a register.
 *
 * Writing 0 to the status register is no reset in vmd: it only stores 0.
 * Features, ISR and command stay. So what a reset would undo is undone here
 * by hand.
 */

#include <linux/compiler.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "compat.h"
#include "system.h"

#define OBSD_NAME		"virtio-pci-obsd"
#define OBSD_VENDOR		0x0b5d
#define OBSD_DEVICE_VMMCI	0x0777
#define OBSD_SUBDEVICE_VMMCI	0xffff
#define OBSD_REVISION		0

#define OBSD_BAR		0
/* Legacy layout without MSI-X: the config area follows the ISR. */
#define OBSD_CONFIG		VIRTIO_PCI_CONFIG_OFF(false)

/* What an absent device reads as. No valid value of these registers. */
#define OBSD_GONE8		0xff
#define OBSD_GONE32		0xffffffff

/**
 * struct obsd_device - one PCI function and its virtio device
 * @vdev: the virtio device; its release callback frees the whole
 * @pci: the function underneath
 * @base: BAR0
 * @config_size: bytes of config area that the BAR has room for
 * @up: the virtio driver has set DRIVER_OK, so config changes have a taker
 */
struct obsd_device {
	struct virtio_device vdev;
	struct pci_dev *pci;
	void __iomem *base;
	unsigned int config_size;
	bool up;
};

static struct obsd_device *to_obsd(struct virtio_device *vdev)
{
	return container_of(vdev, struct obsd_device, vdev);
}

static bool obsd_config_range(struct obsd_device *od, unsigned int offset, unsigned int len)
{
	return len <= od->config_size && offset <= od->config_size - len;
}

/*
 * Whole registers, one 32-bit read each, ascending: an 8-byte field is read
 * low word first, which for the time is the read that takes the sample.
 * Shorter fields are cut out of the register that holds them. May be called
 * with interrupts off.
 */
static void obsd_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	struct obsd_device *od = to_obsd(vdev);
	u8 *to = buf;

	if (WARN_ON_ONCE(!obsd_config_range(od, offset, len))) {
		memset(buf, 0, len);
		return;
	}

	while (len) {
		unsigned int skip = offset % sizeof(u32);
		unsigned int part = min_t(unsigned int, len, sizeof(u32) - skip);
		u32 word = ioread32(od->base + OBSD_CONFIG + offset - skip);

		memcpy(to, (u8 *)&word + skip, part);
		to += part;
		offset += part;
		len -= part;
	}
}

/*
 * Whole registers only: there is no way to write a part of one. May be called
 * with interrupts off.
 */
static void obsd_set(struct virtio_device *vdev, unsigned int offset,
		     const void *buf, unsigned int len)
{
	struct obsd_device *od = to_obsd(vdev);
	const u8 *from = buf;
	u32 word;

	if (WARN_ON_ONCE(!obsd_config_range(od, offset, len) ||
			 offset % sizeof(u32) || len % sizeof(u32)))
		return;

	for (; len; offset += sizeof(u32), from += sizeof(u32), len -= sizeof(u32)) {
		memcpy(&word, from, sizeof(word));
		iowrite32(word, od->base + OBSD_CONFIG + offset);
	}
}

/* A device that went away has no status: the core then sees it as reset. */
static u8 obsd_get_status(struct virtio_device *vdev)
{
	u8 status = ioread8(to_obsd(vdev)->base + VIRTIO_PCI_STATUS);

	return status == OBSD_GONE8 ? 0 : status;
}

static void obsd_set_status(struct virtio_device *vdev, u8 status)
{
	struct obsd_device *od = to_obsd(vdev);

	/* Pairs with obsd_interrupt(): the core is set up by then. */
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		smp_store_release(&od->up, true);
	iowrite8(status, od->base + VIRTIO_PCI_STATUS);
}

/* Leave the registers as a real reset would; the command is the driver's. */
static void obsd_quiesce(struct obsd_device *od)
{
	iowrite8(0, od->base + VIRTIO_PCI_STATUS);
	iowrite32(0, od->base + VIRTIO_PCI_GUEST_FEATURES);
	/* Reading clears, and lowers the line that an old change may hold. */
	ioread8(od->base + VIRTIO_PCI_ISR);
}

/*
 * From device_shutdown() on the status stays: without DRIVER_OK a stop request
 * of the host kills the guest on the spot, which must not happen while it
 * still writes to its disks.
 */
static void obsd_reset(struct virtio_device *vdev)
{
	struct obsd_device *od = to_obsd(vdev);

	if (system_is_going_down())
		return;

	WRITE_ONCE(od->up, false);
	obsd_quiesce(od);
	synchronize_irq(od->pci->irq);
}

#ifdef COMPAT_HAS_SYNCHRONIZE_CBS
static void obsd_synchronize_cbs(struct virtio_device *vdev)
{
	synchronize_irq(to_obsd(vdev)->pci->irq);
}
#endif

static int obsd_find_vqs(COMPAT_FIND_VQS_PARAMETERS)
{
	return nvqs ? -ENOENT : 0;
}

static void obsd_del_vqs(struct virtio_device *vdev)
{
}

static u64 obsd_get_features(struct virtio_device *vdev)
{
	u32 features = ioread32(to_obsd(vdev)->base + VIRTIO_PCI_HOST_FEATURES);

	return features == OBSD_GONE32 ? 0 : features;
}

/* The transport's own feature bits are all about queues: take none of them. */
static int obsd_finalize_features(struct virtio_device *vdev)
{
	struct obsd_device *od = to_obsd(vdev);

	vdev->features &= BIT_ULL(VIRTIO_TRANSPORT_F_START) - 1;
	iowrite32((u32)vdev->features, od->base + VIRTIO_PCI_GUEST_FEATURES);
	return 0;
}

static const char *obsd_bus_name(struct virtio_device *vdev)
{
	return pci_name(to_obsd(vdev)->pci);
}

static const struct virtio_config_ops obsd_config_ops = {
	.get = obsd_get,
	.set = obsd_set,
	.get_status = obsd_get_status,
	.set_status = obsd_set_status,
	.reset = obsd_reset,
	.find_vqs = obsd_find_vqs,
	.del_vqs = obsd_del_vqs,
#ifdef COMPAT_HAS_SYNCHRONIZE_CBS
	.synchronize_cbs = obsd_synchronize_cbs,
#endif
	.get_features = obsd_get_features,
	.finalize_features = obsd_finalize_features,
	.bus_name = obsd_bus_name,
};

/*
 * The line may be shared, and reading the ISR is what lowers it. All ones is
 * a device that went away: not ours, or a line that somebody else holds would
 * be claimed here for ever.
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

/* new_id and driver_override get past the id table, so ask again. */
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
		dev_err(&pci->dev, "BAR %d is no I/O range of a legacy virtio device\n", OBSD_BAR);
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
		dev_err(&pci->dev, "the device does not answer\n");
		err = -ENODEV;
		goto unmap;
	}

	/* What a former driver left must not look like an interrupt for us. */
	obsd_quiesce(od);

	err = request_irq(pci->irq, obsd_interrupt, IRQF_SHARED, OBSD_NAME, od);
	if (err) {
		dev_err(&pci->dev, "no interrupt %u: error %d\n", pci->irq, err);
		goto unmap;
	}

	pci_set_drvdata(pci, od);

	/* From here on the virtio device is counted, even if this fails. */
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

	/* The structure must outlive its own unregistration. */
	get_device(&od->vdev.dev);
	unregister_virtio_device(&od->vdev);

	/* The core leaves ACKNOWLEDGE behind; nobody looks after it now. */
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
 * The device may have lost everything (a guest that wakes from disk meets a
 * new one), so the core negotiates again and sets DRIVER_OK.
 */
static int obsd_resume(struct device *dev)
{
	struct obsd_device *od = dev_get_drvdata(dev);

	if (ioread32(od->base + VIRTIO_PCI_HOST_FEATURES) == OBSD_GONE32) {
		dev_err(dev, "the device did not come back\n");
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
