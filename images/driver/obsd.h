/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of virtio_pci_obsd share: one PCI function, and its registers in BAR0. */
#ifndef OBSD_H
#define OBSD_H

#include <linux/pci.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

/* Legacy layout without MSI-X: the config area follows the ISR. */
#define OBSD_CONFIG		VIRTIO_PCI_CONFIG_OFF(false)

/* What a device that does not respond reads as; not a valid value of a register. */
#define OBSD_GONE8		0xff
#define OBSD_GONE32		0xffffffff

/**
 * struct obsd_device - one PCI function and its virtio device
 * @vdev: the virtio device; its release callback frees this structure
 * @pci: the function underneath
 * @base: BAR0
 * @config_size: bytes of config area that the BAR has room for
 * @up: the virtio driver has set DRIVER_OK, so config changes can be delivered
 */
struct obsd_device {
	struct virtio_device vdev;
	struct pci_dev *pci;
	void __iomem *base;
	unsigned int config_size;
	bool up;
};

static inline struct obsd_device *to_obsd(struct virtio_device *vdev)
{
	return container_of(vdev, struct obsd_device, vdev);
}

extern const struct virtio_config_ops obsd_config_ops;

void obsd_quiesce(struct obsd_device *od);

#endif /* OBSD_H */
