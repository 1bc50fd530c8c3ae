// SPDX-License-Identifier: GPL-2.0
/* The host's clock: how it is read, and how the guest's is set from it. */

#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/timekeeping.h>

#include "vmmci.h"

/* Nanoseconds since 1970 in 64 bits, signed: enough for any 32-bit seconds. */
static s64 vmmci_host_ns(const struct vmmci_sample *sample)
{
	return (s64)sample->seconds * NSEC_PER_SEC +
	       (s64)sample->microseconds * NSEC_PER_USEC;
}

/* How far the host's clock is ahead of the guest's. */
s64 vmmci_drift_ns(const struct vmmci_sample *sample)
{
	return vmmci_host_ns(sample) - ktime_to_ns(ktime_mono_to_real(sample->taken));
}

/**
 * vmmci_sample_clock - read the host's clock
 * @vm: the device
 * @sample: where to put it
 * @sts: where to put the system's clock just before and after the sample is
 *	taken, or NULL
 *
 * The sample counts as taken in the middle of the read of the seconds. May be
 * called from any context.
 *
 * Return: 0; -ENODATA if the host does not offer the time; -ENODEV if the
 * device does not respond; -EIO if the microseconds are not below a million.
 */
int vmmci_sample_clock(struct vmmci *vm, struct vmmci_sample *sample,
		       struct ptp_system_timestamp *sts)
{
	ktime_t before, after;
	unsigned long flags;

	if (!virtio_has_feature(vm->vdev, VMMCI_F_TIMESYNC))
		return -ENODATA;

	spin_lock_irqsave(&vm->clock_lock, flags);
	before = ktime_get();
	ptp_read_system_prets(sts);
	sample->seconds = vmmci_read(vm, VMMCI_REG_SECONDS);
	ptp_read_system_postts(sts);
	after = ktime_get();
	sample->microseconds = vmmci_read(vm, VMMCI_REG_MICROSECONDS);
	spin_unlock_irqrestore(&vm->clock_lock, flags);

	/* All ones are valid seconds (2106-02-07T06:28:15Z), but not valid microseconds. */
	if (sample->microseconds == VMMCI_GONE)
		return -ENODEV;
	if (sample->microseconds >= USEC_PER_SEC)
		return -EIO;

	sample->taken = ktime_add_ns(before, ktime_to_ns(ktime_sub(after, before)) / 2);
	if (vmmci_debug > 1)
		dev_info(&vm->vdev->dev, "host %u.%06u, drift %lld ns\n",
			 sample->seconds, sample->microseconds, vmmci_drift_ns(sample));
	return 0;
}

/*
 * SYNCRTC means that the host's clock has jumped. The device's registers show
 * it to the microsecond, the emulated RTC only to the second.
 */
void vmmci_sync(struct work_struct *work)
{
	struct vmmci *vm = container_of(work, struct vmmci, sync_work);
	struct device *dev = &vm->vdev->dev;
	struct vmmci_sample sample;
	struct timespec64 now;
	s64 drift;
	int err;

	err = vmmci_sample_clock(vm, &sample, NULL);
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
