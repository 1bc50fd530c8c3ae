// SPDX-License-Identifier: ISC
/*
 * Another driver on an interrupt line: one that shares it with any other, and claims none of its interrupts.
 */
#include <linux/interrupt.h>
#include <linux/module.h>

static unsigned int irq;
module_param(irq, uint, 0444);
MODULE_PARM_DESC(irq, "The interrupt");

static int error;
module_param(error, int, 0444);
MODULE_PARM_DESC(error, "Why the kernel refused it; 0 if it did not");

static irqreturn_t shared_line_interrupt(int number, void *data)
{
	return IRQ_NONE;
}

static int __init shared_line_init(void)
{
	error = request_irq(irq, shared_line_interrupt, IRQF_SHARED, "shared-line", &irq);
	return 0;
}

static void __exit shared_line_exit(void)
{
	if (!error)
		free_irq(irq, &irq);
}

module_init(shared_line_init);
module_exit(shared_line_exit);
MODULE_DESCRIPTION("Shares an interrupt line");
MODULE_LICENSE("Dual BSD/GPL");
