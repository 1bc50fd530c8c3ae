// SPDX-License-Identifier: ISC
/*
 * Makes one call of a kernel function fail, or each, on a kernel without fault injection: a kprobe at the
 * function's entry returns an error instead.
 */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>

static char *call = "";
module_param(call, charp, 0444);
MODULE_PARM_DESC(call, "The function");

static char *caller = "";
module_param(caller, charp, 0444);
MODULE_PARM_DESC(caller, "Only calls from here count: [module], or function+");

static unsigned int nth = 1;
module_param(nth, uint, 0444);
MODULE_PARM_DESC(nth, "The call that fails, from 1; 0 for all");

static int value;
module_param(value, int, 0444);
MODULE_PARM_DESC(value, "The value that it returns");

static unsigned int seen;
module_param(seen, uint, 0444);
MODULE_PARM_DESC(seen, "Calls so far");

static char name[KSYM_SYMBOL_LEN];

/* Runs instead of the function, with the return value already in the registers. */
static noinline notrace void return_at_once(void)
{
}

static int before(struct kprobe *probe, struct pt_regs *regs)
{
	sprint_symbol(name, *(unsigned long *)kernel_stack_pointer(regs));
	if (!strstr(name, caller) || (++seen != nth && nth))
		return 0;
	regs_set_return_value(regs, value);
	instruction_pointer_set(regs, (unsigned long)return_at_once);
	return 1;
}

/*
 * The kernel does not optimize a probe with a post handler. An optimized probe would ignore the new
 * instruction pointer.
 */
static void after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = { .pre_handler = before, .post_handler = after };

static int __init failing_call_init(void)
{
	probe.symbol_name = call;
	return register_kprobe(&probe);
}

static void __exit failing_call_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(failing_call_init);
module_exit(failing_call_exit);
MODULE_DESCRIPTION("Lets one call of a kernel function fail");
MODULE_LICENSE("Dual BSD/GPL");
