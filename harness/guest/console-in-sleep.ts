// The parameter of the kernel by which its console stays on while the guest sleeps, so that a guest that
// hangs meanwhile can show where (kernel/printk/printk.c).

export const consoleSuspend = '/sys/module/printk/parameters/console_suspend';
