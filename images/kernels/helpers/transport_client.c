// SPDX-License-Identifier: ISC
/*
 * A virtio driver that calls each operation of its transport, and reports the results in the parameter
 * `report`, one line per call.
 */
#include <linux/bug.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/version.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

static char report[2048];
module_param_string(report, report, sizeof(report), 0444);
MODULE_PARM_DESC(report, "The results");

static bool empty;
module_param(empty, bool, 0444);
MODULE_PARM_DESC(empty, "Also ask for fields of no bytes, for which Linux's own modern transport stops the kernel");

static unsigned int config_size;
module_param(config_size, uint, 0444);
MODULE_PARM_DESC(config_size, "If not 0, ask for fields at the end of a config area of this size, and beyond");

static int used;

#define REPORT(...) (used += scnprintf(report + used, sizeof(report) - used, __VA_ARGS__))

static void get(struct virtio_device *vdev, unsigned int offset, unsigned int length)
{
	u8 bytes[16];
	int i;

	memset(bytes, 0xaa, sizeof(bytes));
	vdev->config->get(vdev, offset, bytes + 4, length);
	REPORT("get %u %u:", offset, length);
	for (i = 0; i < length; i++)
		REPORT(" %02x", bytes[4 + i]);
	/* The transport must not write outside of the buffer. */
	for (i = 0; i < sizeof(bytes); i++)
		if ((i < 4 || i >= 4 + length) && bytes[i] != 0xaa)
			REPORT(" overrun");
	REPORT("\n");
}

static void call_all(struct virtio_device *vdev)
{
	static const u8 words[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };
	unsigned int offset;

	/* The read of the low word of the seconds takes the sample, so it comes first. */
	get(vdev, 4, 8);
	get(vdev, 12, 8);
	for (offset = 4; offset < 8; offset++)
		get(vdev, offset, 1);
	for (offset = 12; offset < 16; offset += 2)
		get(vdev, offset, 2);
	get(vdev, 6, 4);
	get(vdev, 5, 2);
	vdev->config->set(vdev, 4, words, 4);
	vdev->config->set(vdev, 8, words, 8);
	if (empty) {
		get(vdev, 4, 0);
		vdev->config->set(vdev, 4, words, 0);
	}
}

/* A field that is longer than the whole area. */
static void call_too_long(struct virtio_device *vdev)
{
	unsigned int length = config_size + 4;
	u8 *bytes = kmalloc(length, GFP_KERNEL);

	if (!bytes)
		return;
	memset(bytes, 0xaa, length);
	vdev->config->get(vdev, 0, bytes, length);
	REPORT("get 0 %u: %s\n", length, memchr_inv(bytes, 0, length) ? "not only 00" : "only 00");
	vdev->config->set(vdev, 0, bytes, length);
	kfree(bytes);
}

/* The warnings of the transport's module that the kernel reports each time, not only once. */
static unsigned int repeating_warnings(const struct module *module)
{
	unsigned int count = 0;
	unsigned int i;

	for (i = 0; i < module->num_bugs; i++)
		if ((module->bug_table[i].flags & (BUGFLAG_WARNING | BUGFLAG_ONCE)) == BUGFLAG_WARNING)
			count++;
	return count;
}

/* Only the first field that is read and the first that is written are in the area and whole registers. */
static void call_beyond(struct virtio_device *vdev)
{
	static const u8 word[4] = { 0x11, 0x22, 0x33, 0x44 };

	get(vdev, config_size - 4, 4);
	get(vdev, config_size - 3, 4);
	get(vdev, config_size, 1);
	get(vdev, -2U, 4);
	vdev->config->set(vdev, config_size - 4, word, 4);
	vdev->config->set(vdev, config_size, word, 4);
	vdev->config->set(vdev, -4U, word, 4);
	vdev->config->set(vdev, 6, word, 4);
	vdev->config->set(vdev, 4, word, 2);
	call_too_long(vdev);
	REPORT("repeating warnings %u\n", repeating_warnings(vdev->dev.parent->driver->owner));
}

static void no_callback(struct virtqueue *queue)
{
}

static int client_probe(struct virtio_device *vdev)
{
	struct virtqueue *queue = virtio_find_single_vq(vdev, no_callback, "queue");

	REPORT("bus %s\n", virtio_bus_name(vdev));
	REPORT("features %llx\n", (unsigned long long)vdev->features);
	REPORT("status %x\n", vdev->config->get_status(vdev));
	REPORT("queue %ld\n", IS_ERR(queue) ? PTR_ERR(queue) : 0);
	if (config_size)
		call_beyond(vdev);
	else
		call_all(vdev);
	vdev->config->del_vqs(vdev);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
	if (vdev->config->synchronize_cbs)
		vdev->config->synchronize_cbs(vdev);
#endif
	return 0;
}

static void client_remove(struct virtio_device *vdev)
{
	vdev->config->reset(vdev);
	REPORT("status after reset %x\n", vdev->config->get_status(vdev));
}

static const unsigned int features[] = { 0, 1, 2 };

static const struct virtio_device_id ids[] = { { 0xffff, 0x0b5d }, { } };

static struct virtio_driver client = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = ids,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.probe = client_probe,
	.remove = client_remove,
};
module_virtio_driver(client);

MODULE_DESCRIPTION("Asks a virtio transport for all that a driver may ask for");
MODULE_LICENSE("Dual BSD/GPL");
