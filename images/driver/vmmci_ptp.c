// SPDX-License-Identifier: GPL-2.0
/*
 * The host's clock as a PTP hardware clock, which chrony and phc2sys can set
 * the guest's clock by. Nothing in the guest can change it.
 *
 * Without CONFIG_PTP_1588_CLOCK the kernel's header has empty functions, and
 * the driver works without this clock.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/ptp_clock_kernel.h>

#include "vmmci.h"

#define VMMCI_PTP_NAME	"vmmci"

static int vmmci_ptp_gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
				struct ptp_system_timestamp *sts)
{
	struct vmmci *vm = container_of(info, struct vmmci, ptp_info);
	struct vmmci_sample sample;
	int err;

	err = vmmci_sample_clock(vm, &sample, sts);
	if (err)
		return err;

	ts->tv_sec = sample.seconds;
	ts->tv_nsec = sample.microseconds * NSEC_PER_USEC;
	return 0;
}

/* The core calls these four without asking whether they are there. */
static int vmmci_ptp_settime64(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int vmmci_ptp_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int vmmci_ptp_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int vmmci_ptp_enable(struct ptp_clock_info *info, struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

static const struct ptp_clock_info vmmci_ptp_info = {
	.owner = THIS_MODULE,
	.name = VMMCI_PTP_NAME,
	.gettimex64 = vmmci_ptp_gettimex64,
	.settime64 = vmmci_ptp_settime64,
	.adjfine = vmmci_ptp_adjfine,
	.adjtime = vmmci_ptp_adjtime,
	.enable = vmmci_ptp_enable,
};

/* The guest can do without this clock, so a failure is logged and no more. */
void vmmci_ptp_register(struct vmmci *vm)
{
	struct device *dev = &vm->vdev->dev;
	struct ptp_clock *clock;

	if (!virtio_has_feature(vm->vdev, VMMCI_F_TIMESYNC))
		return;

	vm->ptp_info = vmmci_ptp_info;
	clock = ptp_clock_register(&vm->ptp_info, dev);
	if (IS_ERR(clock))
		dev_warn(dev, "cannot register a PTP clock: error %ld\n", PTR_ERR(clock));
	else
		vm->ptp = clock;
}

/* Waits for a reading that is under way. What has the clock open gets ENODEV from then on. */
void vmmci_ptp_unregister(struct vmmci *vm)
{
	if (vm->ptp)
		ptp_clock_unregister(vm->ptp);
}
