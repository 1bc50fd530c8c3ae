// SPDX-License-Identifier: GPL-2.0
/* Stops the guest when the host asks for it, through the PCI function alone. */

#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/umh.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/workqueue.h>

#include "system.h"

#define NAME		"vmmci-pci"
#define VENDOR		0x0b5d
#define DEVICE		0x0777
#define SUBDEVICE	0xffff
#define COMMAND		VIRTIO_PCI_CONFIG_OFF(false)
#define F_ACK		BIT(1)
#define GONE8		0xff
#define GONE32		0xffffffff
#define IDLE_MS		1000

enum { NONE, SHUTDOWN, REBOOT };

struct vmmci {
	struct pci_dev *pci;
	void __iomem *base;
	struct workqueue_struct *queue;
	struct delayed_work poll_work;
	struct work_struct stop_work;
	spinlock_t lock;	/* orders reading, remembering and acknowledging */
	u32 features;
	u32 seen;
	u32 stop;
	bool up;
};

static unsigned int poll_ms = 1000;
module_param(poll_ms, uint, 0644);
MODULE_PARM_DESC(poll_ms, "Milliseconds between polls of the command (default 1000, 0 never)");

/* Programs cannot be started while the system sleeps. */
static void vmmci_stop(struct work_struct *work)
{
	struct vmmci *vm = container_of(work, struct vmmci, stop_work);

	if (system_is_going_down())
		return;
	usermodehelper_read_lock_wait(MAX_SCHEDULE_TIMEOUT);
	if (READ_ONCE(vm->stop) == SHUTDOWN)
		orderly_poweroff(false);
	else
		orderly_reboot();
	usermodehelper_read_unlock();
}

static void vmmci_handle(struct vmmci *vm)
{
	unsigned long flags;
	u32 word;

	spin_lock_irqsave(&vm->lock, flags);
	word = ioread32(vm->base + COMMAND);
	if (word != GONE32 && word != vm->seen) {
		vm->seen = word;
		if (word == SHUTDOWN || word == REBOOT) {
			if (vm->features & F_ACK)
				iowrite32(word, vm->base + COMMAND);
			WRITE_ONCE(vm->stop, word);
			dev_info(&vm->pci->dev, "the host asks for a %s\n",
				 word == SHUTDOWN ? "shutdown" : "reboot");
			queue_work(vm->queue, &vm->stop_work);
		}
	}
	spin_unlock_irqrestore(&vm->lock, flags);
}

static void vmmci_schedule(struct vmmci *vm)
{
	unsigned int interval = READ_ONCE(poll_ms);

	queue_delayed_work(vm->queue, &vm->poll_work, msecs_to_jiffies(interval ?: IDLE_MS));
}

static void vmmci_poll(struct work_struct *work)
{
	struct vmmci *vm = container_of(to_delayed_work(work), struct vmmci, poll_work);

	if (READ_ONCE(poll_ms))
		vmmci_handle(vm);
	vmmci_schedule(vm);
}

static irqreturn_t vmmci_interrupt(int irq, void *data)
{
	struct vmmci *vm = data;
	u8 isr = ioread8(vm->base + VIRTIO_PCI_ISR);

	if (!isr || isr == GONE8)
		return IRQ_NONE;
	if ((isr & VIRTIO_PCI_ISR_CONFIG) && READ_ONCE(vm->up))
		vmmci_handle(vm);
	return IRQ_HANDLED;
}

static void vmmci_reset(struct vmmci *vm)
{
	WRITE_ONCE(vm->up, false);
	iowrite8(0, vm->base + VIRTIO_PCI_STATUS);
	iowrite32(0, vm->base + VIRTIO_PCI_GUEST_FEATURES);
	ioread8(vm->base + VIRTIO_PCI_ISR);
}

/* Negotiates, and sets DRIVER_OK. Returns ENODEV if the device does not respond. */
static int vmmci_start(struct vmmci *vm)
{
	u8 status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	u32 offered = ioread32(vm->base + VIRTIO_PCI_HOST_FEATURES);

	if (offered == GONE32)
		return -ENODEV;
	vmmci_reset(vm);
	vm->features = offered & F_ACK;
	iowrite8(status, vm->base + VIRTIO_PCI_STATUS);
	iowrite32(vm->features, vm->base + VIRTIO_PCI_GUEST_FEATURES);
	WRITE_ONCE(vm->up, true);
	iowrite8(status | VIRTIO_CONFIG_S_DRIVER_OK, vm->base + VIRTIO_PCI_STATUS);
	vmmci_schedule(vm);
	return 0;
}

/* new_id and driver_override bypass the id table, so all ids are checked again. */
static bool vmmci_is_known(struct pci_dev *pci)
{
	return pci->vendor == VENDOR && pci->device == DEVICE && !pci->revision &&
	       pci->subsystem_vendor == VENDOR && pci->subsystem_device == SUBDEVICE &&
	       (pci_resource_flags(pci, 0) & IORESOURCE_IO) &&
	       pci_resource_len(pci, 0) > COMMAND;
}

static int vmmci_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct vmmci *vm;
	int err = -ENOMEM;

	if (!vmmci_is_known(pci))
		return -ENODEV;
	vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	if (!vm)
		return -ENOMEM;
	vm->pci = pci;
	spin_lock_init(&vm->lock);
	INIT_DELAYED_WORK(&vm->poll_work, vmmci_poll);
	INIT_WORK(&vm->stop_work, vmmci_stop);
	pci_set_drvdata(pci, vm);
	vm->queue = alloc_workqueue("%s/%s", WQ_UNBOUND | WQ_MEM_RECLAIM, 0, NAME, pci_name(pci));
	if (!vm->queue)
		goto free;
	err = pci_enable_device(pci);
	if (err)
		goto destroy;
	err = pci_request_region(pci, 0, NAME);
	if (err)
		goto disable;
	err = -ENOMEM;
	vm->base = pci_iomap(pci, 0, 0);
	if (!vm->base)
		goto release;
	/* A stop that is there already was sent to an earlier driver. */
	vm->seen = ioread32(vm->base + COMMAND);
	err = -ENODEV;
	if (vm->seen == GONE32)
		goto unmap;
	vmmci_reset(vm);
	err = request_irq(pci->irq, vmmci_interrupt, IRQF_SHARED, NAME, vm);
	if (err)
		goto unmap;
	err = vmmci_start(vm);
	if (err)
		goto free_irq;
	return 0;

free_irq:
	free_irq(pci->irq, vm);
unmap:
	pci_iounmap(pci, vm->base);
release:
	pci_release_region(pci, 0);
disable:
	pci_disable_device(pci);
destroy:
	destroy_workqueue(vm->queue);
free:
	kfree(vm);
	return err;
}

static void vmmci_remove(struct pci_dev *pci)
{
	struct vmmci *vm = pci_get_drvdata(pci);

	cancel_delayed_work_sync(&vm->poll_work);
	vmmci_handle(vm);
	vmmci_reset(vm);
	free_irq(pci->irq, vm);
	/* Carries out what was acknowledged. */
	destroy_workqueue(vm->queue);
	pci_iounmap(pci, vm->base);
	pci_release_region(pci, 0);
	pci_disable_device(pci);
	kfree(vm);
}

static int __maybe_unused vmmci_suspend(struct device *dev)
{
	struct vmmci *vm = dev_get_drvdata(dev);

	cancel_delayed_work_sync(&vm->poll_work);
	return 0;
}

static int __maybe_unused vmmci_resume(struct device *dev)
{
	struct vmmci *vm = dev_get_drvdata(dev);
	int err = vmmci_start(vm);

	if (err)
		dev_err(dev, "the device does not respond after resume\n");
	else
		vmmci_handle(vm);
	return err;
}

static SIMPLE_DEV_PM_OPS(vmmci_pm_ops, vmmci_suspend, vmmci_resume);

static const struct pci_device_id vmmci_ids[] = {
	{ PCI_DEVICE_SUB(VENDOR, DEVICE, VENDOR, SUBDEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, vmmci_ids);

static struct pci_driver vmmci_driver = {
	.name = NAME,
	.id_table = vmmci_ids,
	.probe = vmmci_probe,
	.remove = vmmci_remove,
	.driver.pm = &vmmci_pm_ops,
};
module_pci_driver(vmmci_driver);

MODULE_DESCRIPTION("Stop requests of OpenBSD vmd(8), without a virtio device");
MODULE_AUTHOR("The vmmci-harness authors");
MODULE_LICENSE("GPL");
