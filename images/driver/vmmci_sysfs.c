// SPDX-License-Identifier: GPL-2.0
/* The attributes of a device. */

#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "vmmci.h"

static ssize_t host_time_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmmci *vm = dev_to_virtio(dev)->priv;
	struct vmmci_sample sample;
	int err;

	err = vmmci_sample_clock(vm, &sample, NULL);
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

	err = vmmci_sample_clock(vm, &sample, NULL);
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

/* The driver core adds them after probe and removes them before it calls remove. */
static struct attribute *vmmci_attrs[] = {
	&dev_attr_host_time.attr,
	&dev_attr_guest_time.attr,
	&dev_attr_drift_ns.attr,
	&dev_attr_last_command.attr,
	&dev_attr_commands.attr,
	NULL
};
static const struct attribute_group vmmci_group = {
	.attrs = vmmci_attrs,
};

const struct attribute_group *vmmci_groups[] = {
	&vmmci_group,
	NULL
};
