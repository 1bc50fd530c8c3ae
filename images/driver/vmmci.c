// SPDX-License-Identifier: GPL-2.0
/*
 * Driver for vmmci, the VMM control interface that OpenBSD's vmd(8) gives its
 * guests: the host's wall clock, and requests to stop or to set the clock.
 *
 * Things about the device that shape this driver:
 *
 *  - A request that is not written back within 3 s gets the guest killed. So
 *    that is done in interrupt context, before any work.
 *  - An acknowledged SHUTDOWN or REBOOT stays in the command register. So the
 *    driver remembers what it has acted on.
 *  - The read of the low word of the seconds takes the sample, the read of the
 *    microseconds returns the rest of it. So the two are one critical section.
 *  - Some hosts lose an interrupt while the line is masked, and none sends a
 *    request twice. So the command is looked at now and then anyway.
 *  - REBOOT is what the host sends for an ordinary stop.
 */

#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/slab.h>

#include "compat.h"
#include "system.h"
#include "vmmci.h"

const char * const vmmci_names[VMMCI_COMMANDS] = {
	[VMMCI_NONE] = "NONE",
	[VMMCI_SHUTDOWN] = "SHUTDOWN",
	[VMMCI_REBOOT] = "REBOOT",
	[VMMCI_SYNCRTC] = "SYNCRTC",
	[VMMCI_UNKNOWN] = "unknown",
};

/* How often a stopped periodic look sees whether it has been allowed again. */
#define VMMCI_IDLE_MS		1000
#define VMMCI_INTERVAL_MIN_MS	10
#define VMMCI_INTERVAL_MAX_MS	3600000

int vmmci_debug;
module_param_named(debug, vmmci_debug, int, 0644);
MODULE_PARM_DESC(debug, "Log what is read and written: 0 no (default), 1 commands, 2 every time sample too");

static unsigned int drift_interval_ms = 1000;
module_param(drift_interval_ms, uint, 0644);
MODULE_PARM_DESC(drift_interval_ms,
		 "Milliseconds between two looks at the command, and at the drift when debug is 2 (default 1000, 0 never)");

static void vmmci_act(struct vmmci *vm, enum vmmci_command command, u32 word)
{
	struct device *dev = &vm->vdev->dev;

	switch (command) {
	case VMMCI_SHUTDOWN:
		dev_info(dev, "shutdown requested by the host\n");
		/* Too late for a second one to start the programs it needs. */
		if (!system_is_going_down())
			orderly_poweroff(false);
		break;
	case VMMCI_REBOOT:
		dev_info(dev, "reboot requested by the host\n");
		if (!system_is_going_down())
			orderly_reboot();
		break;
	case VMMCI_SYNCRTC:
		dev_info(dev, "clock sync requested by the host\n");
		queue_work(vm->queue, &vm->sync_work);
		break;
	default:
		dev_warn(dev, "unknown command %#x from the host\n", word);
		break;
	}
}

/**
 * vmmci_look - see whether the host wants something, and do it
 * @vm: the device
 *
 * A value is dealt with once as long as it stands in the register. May be
 * called from any context; nothing in here sleeps.
 */
static void vmmci_look(struct vmmci *vm)
{
	enum vmmci_command command;
	unsigned long flags;
	u32 word;

	spin_lock_irqsave(&vm->command_lock, flags);
	word = vmmci_read(vm, VMMCI_REG_COMMAND);
	if (word == VMMCI_GONE || word == vm->seen)
		goto unlock;

	vm->seen = word;
	if (word == VMMCI_NONE)
		goto unlock;

	command = word < VMMCI_UNKNOWN ? word : VMMCI_UNKNOWN;
	if (command != VMMCI_UNKNOWN && virtio_has_feature(vm->vdev, VMMCI_F_ACK)) {
		vmmci_write(vm, VMMCI_REG_COMMAND, word);
		/* The one command that the host clears when it is written back. */
		if (command == VMMCI_SYNCRTC)
			vm->seen = VMMCI_NONE;
		if (vmmci_debug)
			dev_info(&vm->vdev->dev, "acknowledged %s\n", vmmci_names[command]);
	}
	WRITE_ONCE(vm->last, command);
	vm->counts[command]++;
	vmmci_act(vm, command, word);
unlock:
	spin_unlock_irqrestore(&vm->command_lock, flags);
}

/* From the interrupt handler, under a lock of the core with interrupts off. */
static void vmmci_config_changed(struct virtio_device *vdev)
{
	vmmci_look(vdev->priv);
}

static void vmmci_look_later(struct vmmci *vm)
{
	unsigned int interval = READ_ONCE(drift_interval_ms);

	if (interval)
		interval = clamp_t(unsigned int, interval, VMMCI_INTERVAL_MIN_MS,
				   VMMCI_INTERVAL_MAX_MS);
	else
		interval = VMMCI_IDLE_MS;
	queue_delayed_work(vm->queue, &vm->look_work, msecs_to_jiffies(interval));
}

static void vmmci_look_periodically(struct work_struct *work)
{
	struct vmmci *vm = container_of(to_delayed_work(work), struct vmmci, look_work);
	struct vmmci_sample sample;

	if (READ_ONCE(drift_interval_ms)) {
		vmmci_look(vm);
		if (vmmci_debug > 1)
			vmmci_sample_clock(vm, &sample);
	}
	vmmci_look_later(vm);
}

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
	INIT_DELAYED_WORK(&vm->look_work, vmmci_look_periodically);

	word = vmmci_read(vm, VMMCI_REG_COMMAND);
	if (word == VMMCI_GONE) {
		kfree(vm);
		return -ENODEV;
	}

	/*
	 * The host sends nothing while DRIVER_OK is off, so a stop that stands
	 * here was sent to an earlier driver. A SYNCRTC is still to be answered:
	 * the host sends no other before.
	 */
	if (word != VMMCI_NONE && word != VMMCI_SYNCRTC) {
		dev_info(&vdev->dev, "ignoring command %#x, it is from before\n", word);
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
	vmmci_look_later(vm);
	dev_info(&vdev->dev, "features%s%s%s\n",
		 virtio_has_feature(vdev, VMMCI_F_TIMESYNC) ? " TIMESYNC" : "",
		 virtio_has_feature(vdev, VMMCI_F_ACK) ? " ACK" : "",
		 virtio_has_feature(vdev, VMMCI_F_SYNCRTC) ? " SYNCRTC" : "");
	return 0;
}

/*
 * The core has stopped handing on config changes and the attributes are gone.
 * A command that arrived since is taken here, while the device is still up;
 * after the reset the host sends nothing any more.
 */
static void vmmci_remove(struct virtio_device *vdev)
{
	struct vmmci *vm = vdev->priv;

	cancel_delayed_work_sync(&vm->look_work);
	vmmci_look(vm);
	compat_reset_device(vdev);
	/* An acknowledged SYNCRTC is carried out. */
	flush_work(&vm->sync_work);
	destroy_workqueue(vm->queue);
	vdev->priv = NULL;
	kfree(vm);
}

#ifdef CONFIG_PM_SLEEP
/* DRIVER_OK stays: without it a stop kills the guest at once. */
static int vmmci_freeze(struct virtio_device *vdev)
{
	struct vmmci *vm = vdev->priv;

	cancel_delayed_work_sync(&vm->look_work);
	flush_work(&vm->sync_work);
	return 0;
}

static int vmmci_restore(struct virtio_device *vdev)
{
	vmmci_look_later(vdev->priv);
	return 0;
}
#endif

#ifdef COMPAT_HAS_VIRTIO_SHUTDOWN
/*
 * Does nothing, on purpose: without this method the core resets the device
 * here, late in the poweroff, and a stop that arrives then kills the guest.
 * The device does no DMA, so there is nothing to keep it from.
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

/* Found by the virtio alias; the transport must be there for a device to be. */
MODULE_SOFTDEP("pre: virtio_pci_obsd");
MODULE_DESCRIPTION("Control interface of OpenBSD vmd(8): host clock, stop requests");
MODULE_AUTHOR("The vmmci-harness authors");
MODULE_LICENSE("GPL");
