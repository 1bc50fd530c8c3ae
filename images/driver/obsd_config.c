// SPDX-License-Identifier: GPL-2.0
/* The operations that the virtio core and a virtio driver call: access to the registers in BAR0. */

#include <linux/compiler.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "obsd.h"
#include "system.h"

static bool obsd_config_range(struct obsd_device *od, unsigned int offset, unsigned int len)
{
	return len <= od->config_size && offset <= od->config_size - len;
}

/*
 * Reads whole registers, one 32-bit access each, in ascending order: an 8-byte
 * field is read low word first, which for the time is the read that takes the
 * sample. A shorter field is cut out of the register that holds it. May be
 * called with interrupts off.
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
 * Writes whole registers: the device cannot write a part of one. May be called
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

/* A device that does not respond counts as reset: the core expects a status of 0 then. */
static u8 obsd_get_status(struct virtio_device *vdev)
{
	u8 status = ioread8(to_obsd(vdev)->base + VIRTIO_PCI_STATUS);

	return status == OBSD_GONE8 ? 0 : status;
}

static void obsd_set_status(struct virtio_device *vdev, u8 status)
{
	struct obsd_device *od = to_obsd(vdev);

	/* Pairs with obsd_interrupt(). The core sets DRIVER_OK when it is ready for changes. */
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		smp_store_release(&od->up, true);
	iowrite8(status, od->base + VIRTIO_PCI_STATUS);
}

/* Leaves the registers as a reset would. The command register belongs to the virtio driver. */
void obsd_quiesce(struct obsd_device *od)
{
	iowrite8(0, od->base + VIRTIO_PCI_STATUS);
	iowrite32(0, od->base + VIRTIO_PCI_GUEST_FEATURES);
	/* The read clears the ISR and lowers the line, which an old change may hold. */
	ioread8(od->base + VIRTIO_PCI_ISR);
}

/*
 * From device_shutdown() on the status stays: without DRIVER_OK, a stop request
 * makes the host kill the guest at once, while it may still write to its disks.
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

/* The transport's own feature bits all concern queues: accept none of them. */
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

const struct virtio_config_ops obsd_config_ops = {
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
