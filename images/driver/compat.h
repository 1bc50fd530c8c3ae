/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences of the kernel's interfaces between Linux 5.10 and 7.3. No other
 * file of this driver looks at the version.
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
 * 5.17 wraps config->reset(), and breaks the queues first where notification
 * hardening is built in. The name is ours, so that it does not clash with a
 * stable kernel that has the wrapper as a backport.
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

/* 6.11 describes the queues by one array of structures instead of three arrays. */
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
 * driver has a shutdown method.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#define COMPAT_HAS_VIRTIO_SHUTDOWN
#endif

#endif /* VMMCI_COMPAT_H */
