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
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/workqueue.h>

#include "compat.h"

#define VMMCI_VENDOR		0x0b5d
#define VMMCI_ID		0xffff

/* Feature bits. */
#define VMMCI_F_TIMESYNC	0	/* the time registers are valid */
#define VMMCI_F_ACK		1	/* the host wants commands written back */
#define VMMCI_F_SYNCRTC		2	/* the host may send SYNCRTC */

/*
 * Registers in the config area, 32 bits each. Those at 8 and 16 are called
 * high words, but no host ever put one there: reserved.
 */
#define VMMCI_REG_COMMAND	0
#define VMMCI_REG_SECONDS	4	/* reading it takes the sample */
#define VMMCI_REG_MICROSECONDS	12	/* of the last sample */

#define VMMCI_GONE		0xffffffff	/* what an absent device reads as */

/* How often a stopped periodic look sees whether it has been allowed again. */
#define VMMCI_IDLE_MS		1000
#define VMMCI_INTERVAL_MIN_MS	10
#define VMMCI_INTERVAL_MAX_MS	3600000

enum vmmci_command {
	VMMCI_NONE = 0,
	VMMCI_SHUTDOWN = 1,
	VMMCI_REBOOT = 2,
	VMMCI_SYNCRTC = 3,
	VMMCI_UNKNOWN = 4,	/* ours: the host sent something else */
	VMMCI_COMMANDS
};

static const char * const vmmci_names[VMMCI_COMMANDS] = {
	[VMMCI_NONE] = "NONE",
	[VMMCI_SHUTDOWN] = "SHUTDOWN",
	[VMMCI_REBOOT] = "REBOOT",
	[VMMCI_SYNCRTC] = "SYNCRTC",
	[VMMCI_UNKNOWN] = "unknown",
};

static int debug;
module_param(debug, int, 0644);
MODULE_PARM_DESC(debug, "Log what is read and written: 0 no (default), 1 commands, 2 every time sample too");

static unsigned int drift_interval_ms = 1000;
module_param(drift_interval_ms, uint, 0644);
MODULE_PARM_DESC(drift_interval_ms,
		 "Milliseconds between two looks at the command, and at the drift when debug is 2 (default 1000, 0 never)");

/**
 * struct vmmci - one device
 * @vdev: the virtio device
 * @queue: runs the two works below, so that no other user of a system queue
 *	can hold them up
 * @look_work: periodic look at the command
 * @sync_work: sets the clock
 * @command_lock: orders reading, remembering and acknowledging a command
 * @seen: the value in the command register that has been dealt with
 * @last: the last command that arrived
 * @counts: commands that arrived, by kind
 * @clock_lock: keeps the two reads of one sample together
 */
struct vmmci {
	struct virtio_device *vdev;
	struct workqueue_struct *queue;
	struct delayed_work look_work;
	struct work_struct sync_work;

	spinlock_t command_lock;	/* taken in the interrupt handler too */
	u32 seen;
	enum vmmci_command last;
	unsigned long counts[VMMCI_COMMANDS];

	spinlock_t clock_lock;		/* good for any context */
};

/**
 * struct vmmci_sample - the host's clock at one instant
 * @seconds: since 1970; unsigned, so good until 2106
 * @microseconds: 0 to 999999
 * @taken: the guest's monotonic clock at that instant
 */
struct vmmci_sample {
	u32 seconds;
	u32 microseconds;
	ktime_t taken;
};

/*
 * config->get() and ->set() themselves: virtio_cread32() and its kin may
 * sleep, and this must work with interrupts off.
 */
static u32 vmmci_read(struct vmmci *vm, unsigned int reg)
{
	__virtio32 value;

	vm->vdev->config->get(vm->vdev, reg, &value, sizeof(value));
	return virtio32_to_cpu(vm->vdev, value);
}

static void vmmci_write(struct vmmci *vm, unsigned int reg, u32 word)
{
	__virtio32 value = cpu_to_virtio32(vm->vdev, word);

	vm->vdev->config->set(vm->vdev, reg, &value, sizeof(value));
}

/* Nanoseconds since 1970 in 64 bits, signed: enough for any 32-bit seconds. */
static s64 vmmci_host_ns(const struct vmmci_sample *sample)
{
	return (s64)sample->seconds * NSEC_PER_SEC +
	       (s64)sample->microseconds * NSEC_PER_USEC;
}

/* How far the host is ahead of the guest. */
static s64 vmmci_drift_ns(const struct vmmci_sample *sample)
{
	return vmmci_host_ns(sample) - ktime_to_ns(ktime_mono_to_real(sample->taken));
}

/**
 * vmmci_sample_clock - read the host's clock
 * @vm: the device
 * @sample: where to put it
 *
 * The instant is taken to be the middle of the read that samples. May be
 * called from any context.
 *
 * Return: 0; -ENODATA if the host offers no time; -ENODEV if the device does
 * not answer; -EIO if what it answers is no time.
 */
static int vmmci_sample_clock(struct vmmci *vm, struct vmmci_sample *sample)
{
	ktime_t before, after;
	unsigned long flags;

	if (!virtio_has_feature(vm->vdev, VMMCI_F_TIMESYNC))
		return -ENODATA;

	spin_lock_irqsave(&vm->clock_lock, flags);
	before = ktime_get();
	sample->seconds = vmmci_read(vm, VMMCI_REG_SECONDS);
	after = ktime_get();
	sample->microseconds = vmmci_read(vm, VMMCI_REG_MICROSECONDS);
	spin_unlock_irqrestore(&vm->clock_lock, flags);

	/* All ones are valid seconds, 2106-02-07T06:28:15Z; so ask the other. */
	if (sample->microseconds == VMMCI_GONE)
		return -ENODEV;
	if (sample->microseconds >= USEC_PER_SEC)
		return -EIO;

	sample->taken = ktime_add_ns(before, ktime_to_ns(ktime_sub(after, before)) / 2);
	if (debug > 1)
		dev_info(&vm->vdev->dev, "host %u.%06u, drift %lld ns\n",
			 sample->seconds, sample->microseconds, vmmci_drift_ns(sample));
	return 0;
}

/*
 * SYNCRTC means that the host's clock has jumped. The device's registers have
 * it to the microsecond; the emulated RTC only to the second.
 */
static void vmmci_sync(struct work_struct *work)
{
	struct vmmci *vm = container_of(work, struct vmmci, sync_work);
	struct device *dev = &vm->vdev->dev;
	struct vmmci_sample sample;
	struct timespec64 now;
	s64 drift;
	int err;

	err = vmmci_sample_clock(vm, &sample);
	if (err) {
		dev_warn(dev, "cannot read the host clock: error %d\n", err);
		return;
	}

	drift = vmmci_drift_ns(&sample);
	now = ns_to_timespec64(vmmci_host_ns(&sample) +
			       ktime_to_ns(ktime_sub(ktime_get(), sample.taken)));
	err = do_settimeofday64(&now);
	if (err)
		dev_warn(dev, "cannot set the clock: error %d\n", err);
	else
		dev_info(dev, "clock set, it was off by %lld ns\n", drift);
}

static bool vmmci_going_down(void)
{
	return system_state >= SYSTEM_HALT && system_state <= SYSTEM_RESTART;
}

static void vmmci_act(struct vmmci *vm, enum vmmci_command command, u32 word)
{
	struct device *dev = &vm->vdev->dev;

	switch (command) {
	case VMMCI_SHUTDOWN:
		dev_info(dev, "shutdown requested by the host\n");
		/* Too late for a second one to start the programs it needs. */
		if (!vmmci_going_down())
			orderly_poweroff(false);
		break;
	case VMMCI_REBOOT:
		dev_info(dev, "reboot requested by the host\n");
		if (!vmmci_going_down())
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
		if (debug)
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
		if (debug > 1)
			vmmci_sample_clock(vm, &sample);
	}
	vmmci_look_later(vm);
}

static ssize_t host_time_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmmci *vm = dev_to_virtio(dev)->priv;
	struct vmmci_sample sample;
	int err;

	err = vmmci_sample_clock(vm, &sample);
	if (err)
		return err;
	return sysfs_emit(buf, "%u.%06u\n", sample.seconds, sample.microseconds);
}
static DEVICE_ATTR_RO(host_time);

static ssize_t guest_time_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct timespec64 now;

	ktime_get_real_ts64(&now);
	return sysfs_emit(buf, "%lld.%06ld\n", (long long)now.tv_sec,
			  now.tv_nsec / NSEC_PER_USEC);
}
static DEVICE_ATTR_RO(guest_time);

static ssize_t drift_ns_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmmci *vm = dev_to_virtio(dev)->priv;
	struct vmmci_sample sample;
	int err;

	err = vmmci_sample_clock(vm, &sample);
	if (err)
		return err;
	return sysfs_emit(buf, "%lld\n", vmmci_drift_ns(&sample));
}
static DEVICE_ATTR_RO(drift_ns);

static ssize_t last_command_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmmci *vm = dev_to_virtio(dev)->priv;

	return sysfs_emit(buf, "%s\n", vmmci_names[READ_ONCE(vm->last)]);
}
static DEVICE_ATTR_RO(last_command);

static ssize_t commands_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmmci *vm = dev_to_virtio(dev)->priv;
	unsigned long counts[VMMCI_COMMANDS];
	unsigned long flags;
	int command;
	int len = 0;

	spin_lock_irqsave(&vm->command_lock, flags);
	memcpy(counts, vm->counts, sizeof(counts));
	spin_unlock_irqrestore(&vm->command_lock, flags);

	for (command = VMMCI_SHUTDOWN; command < VMMCI_COMMANDS; command++)
		len += sysfs_emit_at(buf, len, "%s %lu\n", vmmci_names[command],
				     counts[command]);
	return len;
}
static DEVICE_ATTR_RO(commands);

/* Added by the driver core after probe, and gone before remove is called. */
static struct attribute *vmmci_attrs[] = {
	&dev_attr_host_time.attr,
	&dev_attr_guest_time.attr,
	&dev_attr_drift_ns.attr,
	&dev_attr_last_command.attr,
	&dev_attr_commands.attr,
	NULL
};
ATTRIBUTE_GROUPS(vmmci);

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
