/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel API differences between Linux 5.10 and 7.3, as far as these two
 * modules meet them. No other file of this driver looks at the version.
 */
#ifndef VMMCI_COMPAT_H
#define VMMCI_COMPAT_H

#include <linux/version.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "Linux 5.10 or newer is needed"
#endif

/*
 * 5.17 wraps config->reset() and breaks the queues first where notification
 * hardening is built in. Our own name, so that a stable kernel which carries
 * the wrapper back does not clash.
 */
static inline void compat_reset_device(struct virtio_device *vdev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 17, 0)
	virtio_reset_device(vdev);
#else
	vdev->config->reset(vdev);
#endif
}

/* 5.19 lets a transport say how to wait for its callbacks. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
#define COMPAT_HAS_SYNCHRONIZE_CBS
#endif

/* 6.11 hands the queues over as one array of structures instead of three. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define COMPAT_FIND_VQS_PARAMETERS						\
	struct virtio_device *vdev, unsigned int nvqs,				\
	struct virtqueue *vqs[], struct virtqueue_info vqs_info[],		\
	struct irq_affinity *desc
#else
#define COMPAT_FIND_VQS_PARAMETERS						\
	struct virtio_device *vdev, unsigned int nvqs,				\
	struct virtqueue *vqs[], vq_callback_t *callbacks[],			\
	const char * const names[], const bool *ctx,				\
	struct irq_affinity *desc
#endif

/*
 * 6.15 resets every virtio device late in a poweroff or reboot, unless its
 * driver brings a shutdown method of its own.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#define COMPAT_HAS_VIRTIO_SHUTDOWN
#endif

#endif /* VMMCI_COMPAT_H */
