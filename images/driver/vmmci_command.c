// SPDX-License-Identifier: GPL-2.0
/* Commands of the host: how the driver notices, acknowledges and carries out one. */

#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/umh.h>

#include "system.h"
#include "vmmci.h"

const char * const vmmci_names[VMMCI_COMMANDS] = {
	[VMMCI_NONE] = "NONE",
	[VMMCI_SHUTDOWN] = "SHUTDOWN",
	[VMMCI_REBOOT] = "REBOOT",
	[VMMCI_SYNCRTC] = "SYNCRTC",
	[VMMCI_UNKNOWN] = "unknown",
};

/* How often the parameter is read again while it has turned polling off. */
#define VMMCI_IDLE_MS		1000
#define VMMCI_INTERVAL_MIN_MS	10
#define VMMCI_INTERVAL_MAX_MS	3600000

static unsigned int drift_interval_ms = 1000;
module_param(drift_interval_ms, uint, 0644);
MODULE_PARM_DESC(drift_interval_ms,
		 "Milliseconds between polls of the command, and of the drift when debug is 2 (default 1000, 0 never)");

/*
 * The kernel starts a program to go down in order, which it cannot do while
 * the system sleeps: it would ignore a poweroff, and reboot without user space.
 * So this waits until programs can be started again.
 */
void vmmci_stop(struct work_struct *work)
{
	struct vmmci *vm = container_of(work, struct vmmci, stop_work);

	/* Programs cannot be started any more then, and need not be. */
	if (system_is_going_down())
		return;

	usermodehelper_read_lock_wait(MAX_SCHEDULE_TIMEOUT);
	if (READ_ONCE(vm->stop) == VMMCI_SHUTDOWN)
		orderly_poweroff(false);
	else
		orderly_reboot();
	usermodehelper_read_unlock();
}

static void vmmci_act(struct vmmci *vm, enum vmmci_command command, u32 word)
{
	struct device *dev = &vm->vdev->dev;

	switch (command) {
	case VMMCI_SHUTDOWN:
		dev_info(dev, "shutdown requested by the host\n");
		queue_work(vm->queue, &vm->stop_work);
		break;
	case VMMCI_REBOOT:
		dev_info(dev, "reboot requested by the host\n");
		queue_work(vm->queue, &vm->stop_work);
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
 * vmmci_handle_command - acknowledge and carry out the command in the register
 * @vm: the device
 *
 * Handles a value once for as long as it stays in the register. Does not sleep;
 * may be called from any context.
 */
void vmmci_handle_command(struct vmmci *vm)
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
		/* The only command that the host clears when it is acknowledged. */
		if (command == VMMCI_SYNCRTC)
			vm->seen = VMMCI_NONE;
		if (vmmci_debug)
			dev_info(&vm->vdev->dev, "acknowledged %s\n", vmmci_names[command]);
	}
	WRITE_ONCE(vm->last, command);
	if (command == VMMCI_SHUTDOWN || command == VMMCI_REBOOT)
		WRITE_ONCE(vm->stop, command);
	vm->counts[command]++;
	vmmci_act(vm, command, word);
unlock:
	spin_unlock_irqrestore(&vm->command_lock, flags);
}

/* Called by the interrupt handler, under a lock of the core with interrupts off. */
void vmmci_config_changed(struct virtio_device *vdev)
{
	vmmci_handle_command(vdev->priv);
}

void vmmci_schedule_poll(struct vmmci *vm)
{
	unsigned int interval = READ_ONCE(drift_interval_ms);

	if (interval)
		interval = clamp_t(unsigned int, interval, VMMCI_INTERVAL_MIN_MS,
				   VMMCI_INTERVAL_MAX_MS);
	else
		interval = VMMCI_IDLE_MS;
	queue_delayed_work(vm->queue, &vm->poll_work, msecs_to_jiffies(interval));
}

void vmmci_poll(struct work_struct *work)
{
	struct vmmci *vm = container_of(to_delayed_work(work), struct vmmci, poll_work);
	struct vmmci_sample sample;

	if (READ_ONCE(drift_interval_ms)) {
		vmmci_handle_command(vm);
		if (vmmci_debug > 1)
			vmmci_sample_clock(vm, &sample, NULL);
	}
	vmmci_schedule_poll(vm);
}
