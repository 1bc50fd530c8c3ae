// SPDX-License-Identifier: GPL-2.0
/*
 * Driver for vmmci, the VMM control interface that OpenBSD's vmd(8) gives its
 * guests: the host's wall clock, and commands to stop or to set the clock.
 *
 * What shapes this driver:
 *
 *  - The host kills a guest that does not acknowledge a command within 3 s. So
 *    the driver acknowledges in interrupt context, before it acts.
 *  - An acknowledged SHUTDOWN or REBOOT stays in the command register. So the
 *    driver remembers the value that it has handled.
 *  - Reading the low word of the seconds takes a sample, and reading the
 *    microseconds returns the rest of it. So the two reads are one critical
 *    section.
 *  - Some hosts lose an interrupt while the line is masked, and no host sends a
 *    command twice. So the driver polls the command register as well.
 *  - For an ordinary stop the host sends REBOOT.
 */

#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "vmmci.h"

int vmmci_debug;
module_param_named(debug, vmmci_debug, int, 0644);
MODULE_PARM_DESC(debug, "Log 0 nothing (default), 1 acknowledgements, 2 time samples too");

static int vmmci_probe(struct virtio_device *vdev)
{
	struct vmmci *vm;
	u32 word;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	if (!vm)
		return -ENOMEM;

	vm->vdev = vdev;
	spin_lock_init(&vm->command_lock);
	spin_lock_init(&vm->clock_lock);
	INIT_WORK(&vm->sync_work, vmmci_sync);
	INIT_WORK(&vm->stop_work, vmmci_stop);
	INIT_DELAYED_WORK(&vm->poll_work, vmmci_poll);

	word = vmmci_read(vm, VMMCI_REG_COMMAND);
	if (word == VMMCI_GONE) {
		kfree(vm);
		return -ENODEV;
	}

	/*
	 * The host sends nothing while DRIVER_OK is off, so a stop that is in the
	 * register was sent to an earlier driver. A SYNCRTC must be acknowledged:
	 * the host sends no other until it is.
	 */
	if (word != VMMCI_NONE && word != VMMCI_SYNCRTC) {
		dev_info(&vdev->dev, "ignoring command %#x, which was sent before this driver was bound\n", word);
		vm->seen = word;
	}

	vm->queue = alloc_workqueue("vmmci/%s", WQ_UNBOUND | WQ_MEM_RECLAIM, 0,
				    dev_name(&vdev->dev));
	if (!vm->queue) {
		kfree(vm);
		return -ENOMEM;
	}

	/* The core sets DRIVER_OK after this; from then on commands arrive. */
	vdev->priv = vm;
	vmmci_ptp_register(vm);
	vmmci_schedule_poll(vm);
	dev_info(&vdev->dev, "features%s%s%s\n",
		 virtio_has_feature(vdev, VMMCI_F_TIMESYNC) ? " TIMESYNC" : "",
		 virtio_has_feature(vdev, VMMCI_F_ACK) ? " ACK" : "",
		 virtio_has_feature(vdev, VMMCI_F_SYNCRTC) ? " SYNCRTC" : "");
	return 0;
}

/*
 * The core delivers no more config changes, and the attributes are gone. A
 * command that arrived since is handled here, while the device is still up;
 * after the reset the host sends none.
 */
static void vmmci_remove(struct virtio_device *vdev)
{
	struct vmmci *vm = vdev->priv;

	vmmci_ptp_unregister(vm);
	cancel_delayed_work_sync(&vm->poll_work);
	vmmci_handle_command(vm);
	compat_reset_device(vdev);
	/* Carry out what was acknowledged. */
	flush_work(&vm->sync_work);
	flush_work(&vm->stop_work);
	destroy_workqueue(vm->queue);
	vdev->priv = NULL;
	kfree(vm);
}

#ifdef CONFIG_PM_SLEEP
/*
 * DRIVER_OK stays: without it, a stop makes the host kill the guest at once. A
 * stop that was acknowledged is carried out when the guest is awake again.
 */
static int vmmci_freeze(struct virtio_device *vdev)
{
	struct vmmci *vm = vdev->priv;

	cancel_delayed_work_sync(&vm->poll_work);
	flush_work(&vm->sync_work);
	return 0;
}

static int vmmci_restore(struct virtio_device *vdev)
{
	struct vmmci *vm = vdev->priv;

	/* Resetting the device has cleared the interrupt of a command that came meanwhile. */
	vmmci_handle_command(vm);
	vmmci_schedule_poll(vm);
	return 0;
}
#endif

#ifdef COMPAT_HAS_VIRTIO_SHUTDOWN
/*
 * Empty on purpose: without this method the core resets the device late in the
 * poweroff, and the host kills the guest if a stop arrives after that. The
 * device does no DMA that would have to be stopped.
 */
static void vmmci_shutdown(struct virtio_device *vdev)
{
}
#endif

static const unsigned int vmmci_features[] = {
	VMMCI_F_TIMESYNC,
	VMMCI_F_ACK,
	VMMCI_F_SYNCRTC,
};

static const struct virtio_device_id vmmci_ids[] = {
	{ VMMCI_ID, VMMCI_VENDOR },
	{ }
};
MODULE_DEVICE_TABLE(virtio, vmmci_ids);

static struct virtio_driver vmmci_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.driver.dev_groups = vmmci_groups,
	.id_table = vmmci_ids,
	.feature_table = vmmci_features,
	.feature_table_size = ARRAY_SIZE(vmmci_features),
	.probe = vmmci_probe,
	.remove = vmmci_remove,
	.config_changed = vmmci_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = vmmci_freeze,
	.restore = vmmci_restore,
#endif
#ifdef COMPAT_HAS_VIRTIO_SHUTDOWN
	.shutdown = vmmci_shutdown,
#endif
};
module_virtio_driver(vmmci_driver);

/* modprobe finds this module by its virtio alias; it has no device without the transport. */
MODULE_SOFTDEP("pre: virtio_pci_obsd");
MODULE_DESCRIPTION("Control interface of OpenBSD vmd(8): host clock, stop requests");
MODULE_AUTHOR("The vmmci-harness authors");
MODULE_LICENSE("GPL");
