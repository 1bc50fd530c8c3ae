// A few lines of C for each interface of the kernel that has changed, as a driver uses the interface, and the
// kernels on which they do not compile.

import type { BuildCauseId } from '../diagnosis/causes/build-causes.js';

export const series = ['5.10', '6.1', '6.12', '7.3'] as const;

export type Series = (typeof series)[number];

export interface InterfaceUse {
  readonly headers: readonly string[];
  readonly code: string;
  /** It compiles on the other kernels, except on `without`. */
  readonly failsOn: readonly Series[];
  /** These kernels do not export what the code uses. */
  readonly without?: readonly Series[];
}

const uses = (headers: readonly string[], code: string, failsOn: readonly Series[]): InterfaceUse => ({
  headers,
  code,
  failsOn,
});

/** A call whose arguments do not matter, since there is no such function. */
const calls = (header: string, call: string, failsOn: readonly Series[] = series): InterfaceUse =>
  uses([header], `void f(void) { ${call}; }`, failsOn);

const notIncluded = (call: string): InterfaceUse => calls('linux/types.h', call);

const upTo612 = ['5.10', '6.1', '6.12'] as const;
const from61 = ['6.1', '6.12', '7.3'] as const;
const from612 = ['6.12', '7.3'] as const;

const time = 'linux/timekeeping.h';
const timer = 'static struct timer_list timer; ';
const hrtimer = 'static struct hrtimer timer; ';
const virtio = ['linux/interrupt.h', 'linux/virtio.h', 'linux/virtio_config.h'];

/** The files define functions without declaring them, which the compiler only warns of. */
export const interfaceUses: Readonly<Record<BuildCauseId, InterfaceUse>> = {
  'slab-not-included': notIncluded('kfree(kmalloc(8, 0))'),
  'delay-not-included': notIncluded('msleep(1)'),
  'workqueue-not-included': notIncluded('schedule_work(NULL)'),
  'timer-not-included': notIncluded('mod_timer(NULL, 0)'),
  'interrupt-not-included': notIncluded('free_irq(0, NULL)'),
  'reboot-not-included': notIncluded('orderly_poweroff(true)'),
  'uaccess-not-included': notIncluded('copy_to_user(NULL, NULL, 0)'),
  'timekeeping-not-included': notIncluded('ktime_get()'),
  'sysctl-not-included': notIncluded('register_sysctl("x", NULL)'),
  'rtc-not-included': notIncluded('rtc_class_close(NULL)'),
  'do-gettimeofday-gone': calls(time, 'do_gettimeofday(NULL)'),
  'getnstimeofday64-gone': calls(time, 'getnstimeofday64(NULL)'),
  'getnstimeofday-gone': calls(time, 'getnstimeofday(NULL)'),
  'do-settimeofday-gone': calls(time, 'do_settimeofday(NULL)'),
  'current-kernel-time-gone': calls(time, 'current_kernel_time()'),
  'timespec-to-ns-gone': calls('linux/time.h', 'timespec_to_ns(NULL)'),
  'rtc-time-to-tm-gone': calls('linux/rtc.h', 'rtc_time_to_tm(0, NULL)'),
  'rtc-tm-to-time-gone': calls('linux/rtc.h', 'rtc_tm_to_time(NULL, NULL)'),
  'setup-timer-gone': calls('linux/timer.h', 'setup_timer(NULL, NULL, 0)'),
  'init-timer-gone': calls('linux/timer.h', 'init_timer(NULL)'),
  'del-timer-gone': uses(['linux/timer.h'], `${timer}void f(void) { del_timer(&timer); }`, ['7.3']),
  'del-timer-sync-gone': uses(['linux/timer.h'], `${timer}void f(void) { del_timer_sync(&timer); }`, ['7.3']),
  'from-timer-gone': uses(
    ['linux/timer.h'],
    'struct d { struct timer_list t; }; void *f(struct timer_list *t) { struct d *d = from_timer(d, t, t); return d; }',
    ['7.3'],
  ),
  'hrtimer-init-gone': uses(
    ['linux/hrtimer.h'],
    `${hrtimer}void f(void) { hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL); }`,
    ['7.3'],
  ),
  'timer-delete-sync-newer': uses(
    ['linux/timer.h'],
    `${timer}void f(void) { timer_delete_sync(&timer); }`,
    [],
  ),
  'timer-container-of-newer': uses(
    ['linux/timer.h'],
    'struct d { struct timer_list t; }; void *f(struct timer_list *t) { struct d *d = timer_container_of(d, t, t); return d; }',
    upTo612,
  ),
  'hrtimer-setup-newer': uses(
    ['linux/hrtimer.h'],
    `${hrtimer}static enum hrtimer_restart g(struct hrtimer *t) { return HRTIMER_NORESTART; } void f(void) { hrtimer_setup(&timer, g, CLOCK_MONOTONIC, HRTIMER_MODE_REL); }`,
    upTo612,
  ),
  'find-vqs-arguments': uses(
    virtio,
    'static int g(struct virtio_device *v, unsigned int n, struct virtqueue *vqs[], vq_callback_t *callbacks[], const char * const names[], const bool *ctx, struct irq_affinity *desc) { return 0; } const struct virtio_config_ops ops = { .find_vqs = g };',
    from612,
  ),
  'virtqueue-info-newer': uses(
    virtio,
    'struct virtqueue_info; static int g(struct virtio_device *v, unsigned int n, struct virtqueue *vqs[], struct virtqueue_info info[], struct irq_affinity *desc) { return 0; } const struct virtio_config_ops ops = { .find_vqs = g };',
    ['5.10', '6.1'],
  ),
  'virtio-reset-device-newer': uses(virtio, 'void f(struct virtio_device *v) { virtio_reset_device(v); }', [
    '5.10',
  ]),
  'synchronize-cbs-newer': uses(
    virtio,
    'static void g(struct virtio_device *v) { } const struct virtio_config_ops ops = { .synchronize_cbs = g };',
    ['5.10'],
  ),
  'virtio-shutdown-newer': uses(
    virtio,
    'static void g(struct virtio_device *v) { } struct virtio_driver driver = { .shutdown = g };',
    upTo612,
  ),
  'pci-enable-msix-gone': calls('linux/pci.h', 'pci_enable_msix(NULL, NULL, 0)'),
  'pci-set-dma-mask-gone': uses(
    ['linux/pci.h'],
    'int f(struct pci_dev *p) { return pci_set_dma_mask(p, 0); }',
    from61,
  ),
  'ioremap-nocache-gone': calls('linux/io.h', 'ioremap_nocache(0, 0)'),
  'class-create-arguments': uses(
    ['linux/device.h', 'linux/module.h'],
    'void *f(void) { return class_create(THIS_MODULE, "x"); }',
    from612,
  ),
  'bus-remove-returns': uses(
    ['linux/device.h'],
    'static int g(struct device *d) { return 0; } struct bus_type bus = { .remove = g };',
    from61,
  ),
  'bus-match-const': uses(
    ['linux/device.h'],
    'static int g(struct device *d, struct device_driver *driver) { return 0; } struct bus_type bus = { .match = g };',
    from612,
  ),
  'register-sysctl-table-gone': uses(
    ['linux/sysctl.h'],
    'void *f(struct ctl_table *t) { return register_sysctl_table(t); }',
    from612,
  ),
  'register-sysctl-paths-gone': uses(
    ['linux/sysctl.h'],
    'void *f(const struct ctl_path *p, struct ctl_table *t) { return register_sysctl_paths(p, t); }',
    from612,
  ),
  'ctl-table-child-gone': uses(['linux/sysctl.h'], 'struct ctl_table table = { .child = NULL };', from612),
  'ctl-table-const': uses(
    ['linux/sysctl.h'],
    'static int g(struct ctl_table *t, int w, void *b, size_t *n, loff_t *p) { return 0; } struct ctl_table table = { .proc_handler = g };',
    from612,
  ),
  'bin-attribute-const': uses(
    ['linux/sysfs.h'],
    'static ssize_t g(struct file *f, struct kobject *k, struct bin_attribute *a, char *b, loff_t o, size_t n) { return 0; } struct bin_attribute attribute = { .read = g };',
    ['7.3'],
  ),
  'kernel-param-const': uses(
    ['linux/moduleparam.h'],
    'static int g(const char *v, struct kernel_param *p) { return 0; } const struct kernel_param_ops ops = { .set = g };',
    series,
  ),
  'create-proc-entry-gone': calls('linux/proc_fs.h', 'create_proc_entry("x", 0, NULL)'),
  'no-llseek-gone': uses(
    ['linux/fs.h'],
    'const struct file_operations ops = { .llseek = no_llseek };',
    from612,
  ),
  'unaligned-header-moved': uses(['asm/unaligned.h'], 'int f;', from612),
  'set-fs-gone': calls('linux/uaccess.h', 'get_fs()'),
  'adjfreq-gone': uses(
    ['linux/ptp_clock_kernel.h'],
    'static int g(struct ptp_clock_info *p, s32 d) { return 0; } struct ptp_clock_info info = { .adjfreq = g };',
    from612,
  ),
  'strlcpy-gone': uses(
    ['linux/string.h'],
    'size_t f(char *a, const char *b) { return strlcpy(a, b, 2); }',
    from612,
  ),
  'prandom-u32-gone': uses(['linux/random.h'], 'u32 f(void) { return prandom_u32(); }', from61),
  'in-hardirq-newer': uses(['linux/preempt.h'], 'int f(void) { return in_hardirq(); }', ['5.10']),
  'namespace-not-imported': {
    ...uses(
      ['linux/dma-buf.h', 'linux/module.h'],
      'static int __init g(void) { return IS_ERR(dma_buf_get(0)); } module_init(g);',
      from61,
    ),
    without: ['5.10'],
  },
  'namespace-without-quotes': uses(['linux/module.h'], 'MODULE_IMPORT_NS(DMA_BUF);', ['7.3']),
  'symbol-not-exported': uses(
    ['linux/module.h'],
    'void nowhere(void); static int __init g(void) { nowhere(); return 0; } module_init(g);',
    series,
  ),
};
