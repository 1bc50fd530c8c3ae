// SPDX-License-Identifier: ISC
/*
 * Gives the process that loads it the lowest real-time priority. On one CPU, work then starts only when this
 * process sleeps.
 */
#include <linux/module.h>
#include <linux/sched.h>

static int __init real_time_init(void)
{
	sched_set_fifo_low(current);
	return 0;
}

/* To be unloaded by the same process. */
static void __exit real_time_exit(void)
{
	sched_set_normal(current, 0);
}

module_init(real_time_init);
module_exit(real_time_exit);
MODULE_DESCRIPTION("Gives the process that loads it a real-time priority");
MODULE_LICENSE("Dual BSD/GPL");
