// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for vmmci with the interface of the public driver, for the tests
 * of the harness. It measures the drift periodically, shows it in two sysctl
 * values, and sets the clock from the RTC.
 */

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/rtc.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/timekeeping.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/workqueue.h>

#include "compat.h"

#define STANDIN_VENDOR		0x0b5d
#define STANDIN_ID		0xffff

#define STANDIN_F_TIMESYNC	0
#define STANDIN_F_ACK		1
#define STANDIN_F_SYNCRTC	2

#define STANDIN_COMMAND		0
#define STANDIN_SECONDS		4
#define STANDIN_MICROSECONDS	12

#define STANDIN_FIRST_MS	1000
#define STANDIN_EVERY_MS	20000

#define STANDIN_RTC		"rtc0"

static int debug;
module_param(debug, int, 0664);
MODULE_PARM_DESC(debug, "Log each measurement if not 0");

struct standin {
	struct virtio_device *vdev;
	struct delayed_work measure_work;
	struct work_struct sync_work;
	struct ctl_table_header *header;
};

/* There is only one device, so one pair of values is enough. */
static int standin_drift_sec;
static int standin_drift_nsec;

static struct ctl_table standin_table[] = {
	{
		.procname = "drift_sec",
		.data = &standin_drift_sec,
		.maxlen = sizeof(standin_drift_sec),
		.mode = 0444,
		.proc_handler = proc_dointvec,
	},
	{
		.procname = "drift_nsec",
		.data = &standin_drift_nsec,
		.maxlen = sizeof(standin_drift_nsec),
		.mode = 0444,
		.proc_handler = proc_dointvec,
	},
	{ }
};

/* Since 6.6 the number of entries is an argument; before, an empty entry ended the table. */
static struct ctl_table_header *standin_register(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return register_sysctl_sz("vmmci", standin_table, ARRAY_SIZE(standin_table) - 1);
#else
	return register_sysctl("vmmci", standin_table);
#endif
}

static u32 standin_read(struct standin *si, unsigned int reg)
{
	__virtio32 value;

	si->vdev->config->get(si->vdev, reg, &value, sizeof(value));
	return virtio32_to_cpu(si->vdev, value);
}

static void standin_measure(struct work_struct *work)
{
	struct standin *si = container_of(to_delayed_work(work), struct standin, measure_work);
	struct timespec64 guest, drift, host;

	host.tv_sec = standin_read(si, STANDIN_SECONDS);
	host.tv_nsec = (long)standin_read(si, STANDIN_MICROSECONDS) * NSEC_PER_USEC;
	ktime_get_real_ts64(&guest);
	drift = timespec64_sub(host, guest);
	standin_drift_sec = drift.tv_sec;
	standin_drift_nsec = drift.tv_nsec;
	if (debug)
		dev_info(&si->vdev->dev, "drift %lld.%09ld\n", (long long)drift.tv_sec,
			 drift.tv_nsec);
	schedule_delayed_work(&si->measure_work, msecs_to_jiffies(STANDIN_EVERY_MS));
}

static void standin_sync(struct work_struct *work)
{
	struct standin *si = container_of(work, struct standin, sync_work);
	struct rtc_device *rtc = rtc_class_open(STANDIN_RTC);
	struct timespec64 now = { .tv_nsec = NSEC_PER_SEC / 2 };
	struct rtc_time time;
	int err;

	if (!rtc) {
		dev_warn(&si->vdev->dev, "cannot open %s\n", STANDIN_RTC);
		return;
	}
	err = rtc_read_time(rtc, &time);
	rtc_class_close(rtc);
	if (!err) {
		now.tv_sec = rtc_tm_to_time64(&time);
		err = do_settimeofday64(&now);
	}
	if (err)
		dev_warn(&si->vdev->dev, "cannot set the clock: error %d\n", err);
}

static void standin_config_changed(struct virtio_device *vdev)
{
	struct standin *si = vdev->priv;
	u32 command = standin_read(si, STANDIN_COMMAND);
	__virtio32 reply = cpu_to_virtio32(vdev, command);

	switch (command) {
	case 1:
		orderly_poweroff(false);
		break;
	case 2:
		orderly_reboot();
		break;
	case 3:
		schedule_work(&si->sync_work);
		break;
	default:
		return;
	}
	if (virtio_has_feature(vdev, STANDIN_F_ACK))
		vdev->config->set(vdev, STANDIN_COMMAND, &reply, sizeof(reply));
}

static int standin_probe(struct virtio_device *vdev)
{
	struct standin *si = kzalloc(sizeof(*si), GFP_KERNEL);

	if (!si)
		return -ENOMEM;
	si->vdev = vdev;
	vdev->priv = si;
	INIT_DELAYED_WORK(&si->measure_work, standin_measure);
	INIT_WORK(&si->sync_work, standin_sync);
	si->header = standin_register();
	if (!si->header) {
		kfree(si);
		return -ENOMEM;
	}
	if (virtio_has_feature(vdev, STANDIN_F_TIMESYNC))
		schedule_delayed_work(&si->measure_work, msecs_to_jiffies(STANDIN_FIRST_MS));
	return 0;
}

static void standin_remove(struct virtio_device *vdev)
{
	struct standin *si = vdev->priv;

	compat_reset_device(vdev);
	cancel_delayed_work_sync(&si->measure_work);
	cancel_work_sync(&si->sync_work);
	unregister_sysctl_table(si->header);
	kfree(si);
}

static const unsigned int standin_features[] = {
	STANDIN_F_TIMESYNC,
	STANDIN_F_ACK,
	STANDIN_F_SYNCRTC,
};

static const struct virtio_device_id standin_ids[] = {
	{ STANDIN_ID, STANDIN_VENDOR },
	{ }
};
MODULE_DEVICE_TABLE(virtio, standin_ids);

static struct virtio_driver standin_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = standin_ids,
	.feature_table = standin_features,
	.feature_table_size = ARRAY_SIZE(standin_features),
	.probe = standin_probe,
	.remove = standin_remove,
	.config_changed = standin_config_changed,
};
module_virtio_driver(standin_driver);

/* Like the public driver, it has no alias, so it must be loaded by name. */
MODULE_SOFTDEP("pre: virtio_pci_obsd");
MODULE_DESCRIPTION("Stand-in for the public vmmci driver, for tests");
MODULE_AUTHOR("The vmmci-harness authors");
MODULE_LICENSE("GPL");
