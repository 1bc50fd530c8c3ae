/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of virtio_vmmci share: the device's registers, and the state of one device. */
#ifndef VMMCI_H
#define VMMCI_H

#include <linux/ktime.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/workqueue.h>

#define VMMCI_VENDOR		0x0b5d
#define VMMCI_ID		0xffff

/* Feature bits. */
#define VMMCI_F_TIMESYNC	0	/* the time registers are valid */
#define VMMCI_F_ACK		1	/* the host wants commands written back */
#define VMMCI_F_SYNCRTC		2	/* the host may send SYNCRTC */

/*
 * Registers in the config area, 32 bits each. Those at 8 and 16 are the high
 * words of the time, which is 0 on every host.
 */
#define VMMCI_REG_COMMAND	0
#define VMMCI_REG_SECONDS	4	/* reading it takes the sample */
#define VMMCI_REG_MICROSECONDS	12	/* of the last sample */

#define VMMCI_GONE		0xffffffff	/* the device does not respond */

enum vmmci_command {
	VMMCI_NONE = 0,
	VMMCI_SHUTDOWN = 1,
	VMMCI_REBOOT = 2,
	VMMCI_SYNCRTC = 3,
	VMMCI_UNKNOWN = 4,	/* any other value; not one of the device */
	VMMCI_COMMANDS
};

/**
 * struct vmmci - one device
 * @vdev: the virtio device
 * @queue: runs the works below, so that no user of a system queue delays
 *	them
 * @poll_work: polls the command
 * @sync_work: sets the clock
 * @stop_work: has the system go down
 * @command_lock: orders reading, remembering and acknowledging a command
 * @seen: the value in the command register that has been handled
 * @last: the last command that arrived
 * @stop: the last of them that was a SHUTDOWN or REBOOT
 * @counts: commands that arrived, by kind
 * @clock_lock: keeps the two reads of one sample together
 * @ptp_info: what the PTP core calls
 * @ptp: the PTP clock, or NULL if there is none
 */
struct vmmci {
	struct virtio_device *vdev;
	struct workqueue_struct *queue;
	struct delayed_work poll_work;
	struct work_struct sync_work;
	struct work_struct stop_work;

	spinlock_t command_lock;	/* taken in the interrupt handler too */
	u32 seen;
	enum vmmci_command last;
	enum vmmci_command stop;
	unsigned long counts[VMMCI_COMMANDS];

	spinlock_t clock_lock;		/* taken in any context */

	struct ptp_clock_info ptp_info;
	struct ptp_clock *ptp;
};

/**
 * struct vmmci_sample - the host's clock at one instant
 * @seconds: since 1970, unsigned: until 2106
 * @microseconds: 0 to 999999
 * @taken: the guest's monotonic clock at that instant
 */
struct vmmci_sample {
	u32 seconds;
	u32 microseconds;
	ktime_t taken;
};

/*
 * These call config->get() and ->set() directly: virtio_cread32() and the like
 * may sleep, and these are called with interrupts off.
 */
static inline u32 vmmci_read(struct vmmci *vm, unsigned int reg)
{
	__virtio32 value;

	vm->vdev->config->get(vm->vdev, reg, &value, sizeof(value));
	return virtio32_to_cpu(vm->vdev, value);
}

static inline void vmmci_write(struct vmmci *vm, unsigned int reg, u32 word)
{
	__virtio32 value = cpu_to_virtio32(vm->vdev, word);

	vm->vdev->config->set(vm->vdev, reg, &value, sizeof(value));
}

extern int vmmci_debug;
extern const char * const vmmci_names[VMMCI_COMMANDS];
extern const struct attribute_group *vmmci_groups[];

void vmmci_handle_command(struct vmmci *vm);
void vmmci_schedule_poll(struct vmmci *vm);
void vmmci_poll(struct work_struct *work);
void vmmci_stop(struct work_struct *work);
void vmmci_config_changed(struct virtio_device *vdev);

int vmmci_sample_clock(struct vmmci *vm, struct vmmci_sample *sample,
		       struct ptp_system_timestamp *sts);
s64 vmmci_drift_ns(const struct vmmci_sample *sample);
void vmmci_sync(struct work_struct *work);

void vmmci_ptp_register(struct vmmci *vm);
void vmmci_ptp_unregister(struct vmmci *vm);

#endif /* VMMCI_H */
