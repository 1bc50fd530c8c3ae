// Causes that the compiler names: interfaces of the kernel that changed between 5.10 and 7.3, or before. The
// release is from the kernel's history; if that does not name it, the text has the two releases between which
// the headers of Debian's kernels differ.

import type { Cause, Facts } from './facts.js';

/** The error lines of the build that match `form`, each text once. */
const errorsWith = ({ build = [] }: Facts, form: RegExp): string[] =>
  [...new Set(build.filter((line) => form.test(line)))].slice(0, 3);

const buildCause = (form: RegExp, sentence: string, change: string): Cause => ({
  sentence,
  change,
  requirement: 'builds',
  find: (facts) => errorsWith(facts, form),
});

/** Matches GCC and Clang, with the quotes of any locale. */
const unknown = (name: string): RegExp =>
  new RegExp(
    `error: (?:implicit declaration of function|call to undeclared function|use of undeclared identifier) ['‘]${name}['’]|['‘]${name}['’] undeclared`,
  );

const noMember = (name: string): RegExp => new RegExp(`error: .*has no member named ['‘]${name}['’]`);

/** Matches an incompatible pointer if the type that the kernel expects contains that type. */
const expects = (type: string): RegExp =>
  new RegExp(
    `error: .*(?:initialization of|assignment to|initializing|assigning to) ['‘][^'’]*${type}.*incompatible|error: incompatible .*(?:initializing|assigning to) '[^']*${type}`,
  );

/** A function or macro that newer kernels do not have. */
const gone = (name: string, when: string, instead: string): Cause =>
  buildCause(
    unknown(name),
    `The driver uses ${name}, which was removed from the kernel ${when}.`,
    `Use ${instead}.`,
  );

/** A function or macro that older kernels do not have. */
const newer = (name: string, since: string, instead: string): Cause =>
  buildCause(
    unknown(name),
    `The driver uses ${name}, which the kernel has only from ${since} on.`,
    `For older kernels use ${instead}, chosen by LINUX_VERSION_CODE.`,
  );

/**
 * Functions and macros that all kernels from 5.10 to 7.3 have, in a header that other headers need not
 * include.
 */
const notIncluded = (header: string, names: readonly string[]): Cause =>
  buildCause(
    unknown(`(?:${names.join('|')})`),
    `A file uses functions of <linux/${header}> without including it, which works only on some kernels.`,
    `Include <linux/${header}> in the file that the line names.`,
  );

const before = 'before 5.10';
const settime = 'ktime_get_real_ts64() and struct timespec64';

const busRemove =
  /error: .*['‘]void \(\*\)\(struct device \*\)['’].* from incompatible pointer type ['‘]int \(\*\)\(struct device \*\)['’]/;

export const buildCauses = {
  // headers
  'slab-not-included': notIncluded('slab.h', ['k[mz]alloc', 'kcalloc', 'kmalloc_array', 'krealloc', 'kfree']),
  'delay-not-included': notIncluded('delay.h', ['msleep', 'mdelay', 'udelay', 'usleep_range']),
  'workqueue-not-included': notIncluded('workqueue.h', [
    '(?:schedule|queue|flush|cancel)_(?:delayed_)?work(?:_sync)?',
    'INIT_(?:DELAYED_)?WORK',
    'alloc_workqueue',
    'create_singlethread_workqueue',
    'destroy_workqueue',
  ]),
  'timer-not-included': notIncluded('timer.h', ['timer_setup', 'mod_timer', 'add_timer']),
  'interrupt-not-included': notIncluded('interrupt.h', ['request_irq', 'free_irq', '(?:en|dis)able_irq']),
  'reboot-not-included': notIncluded('reboot.h', ['orderly_(?:poweroff|reboot)', 'kernel_restart']),
  'uaccess-not-included': notIncluded('uaccess.h', ['copy_(?:to|from)_user']),
  'timekeeping-not-included': notIncluded('timekeeping.h', [
    'ktime_get',
    'ktime_get_real_ts64',
    'do_settimeofday64',
  ]),
  'sysctl-not-included': notIncluded('sysctl.h', ['register_sysctl', 'unregister_sysctl_table']),
  'rtc-not-included': notIncluded('rtc.h', ['rtc_class_(?:open|close)', 'rtc_read_time', 'rtc_tm_to_time64']),
  // the time of the system
  'do-gettimeofday-gone': gone('do_gettimeofday', before, settime),
  'getnstimeofday64-gone': gone('getnstimeofday64', before, settime),
  'getnstimeofday-gone': gone('getnstimeofday', before, settime),
  'do-settimeofday-gone': gone('do_settimeofday', before, 'do_settimeofday64() and struct timespec64'),
  'current-kernel-time-gone': gone('current_kernel_time', before, 'ktime_get_coarse_real_ts64()'),
  'timespec-to-ns-gone': gone('timespec_to_ns', before, 'timespec64_to_ns()'),
  'rtc-time-to-tm-gone': gone('rtc_time_to_tm', before, 'rtc_time64_to_tm()'),
  'rtc-tm-to-time-gone': gone('rtc_tm_to_time', before, 'rtc_tm_to_time64()'),
  // timers
  'setup-timer-gone': gone('setup_timer', before, 'timer_setup(), whose callback is given the timer'),
  'init-timer-gone': gone('init_timer', before, 'timer_setup(), whose callback is given the timer'),
  'del-timer-gone': gone('del_timer', 'in 6.15', 'timer_delete()'),
  'del-timer-sync-gone': gone('del_timer_sync', 'in 6.15', 'timer_delete_sync()'),
  'from-timer-gone': gone('from_timer', 'in 6.16', 'timer_container_of()'),
  'hrtimer-init-gone': gone('hrtimer_init', 'in 6.15', 'hrtimer_setup(), which is given the callback'),
  'timer-delete-sync-newer': newer(
    'timer_delete_sync',
    '6.2 (and in later stable releases of 5.10 and 6.1)',
    'del_timer_sync()',
  ),
  'timer-container-of-newer': newer('timer_container_of', '6.16', 'from_timer()'),
  'hrtimer-setup-newer': newer('hrtimer_setup', '6.13', 'hrtimer_init(), and set the callback by hand'),
  // virtio
  'find-vqs-arguments': buildCause(
    expects('struct virtqueue_info'),
    'The find_vqs operation does not have the arguments with which kernels from 6.11 on call it.',
    'From 6.11 on take one array of struct virtqueue_info in place of callbacks, names and contexts.',
  ),
  'virtqueue-info-newer': buildCause(
    expects(String.raw`void \(\*\*\)\(struct virtqueue \*\)`),
    'The find_vqs operation has the arguments of 6.11 and later, and this kernel is older.',
    'Before 6.11 take the three arrays callbacks, names and ctx, chosen by LINUX_VERSION_CODE.',
  ),
  'virtio-reset-device-newer': newer('virtio_reset_device', '5.17', 'vdev->config->reset(vdev)'),
  'synchronize-cbs-newer': buildCause(
    noMember('synchronize_cbs'),
    'The operation synchronize_cbs is set, which struct virtio_config_ops has only from 5.19 on.',
    'Leave it out for older kernels, by LINUX_VERSION_CODE.',
  ),
  'virtio-shutdown-newer': buildCause(
    /error: ['‘]struct virtio_driver['’] has no member named ['‘]shutdown['’]/,
    'The method shutdown is set, which struct virtio_driver has only from 6.15 on.',
    'Leave it out for older kernels, by LINUX_VERSION_CODE.',
  ),
  // PCI, buses and classes
  'pci-enable-msix-gone': gone('pci_enable_msix', before, 'pci_alloc_irq_vectors()'),
  'pci-set-dma-mask-gone': gone('pci_set_dma_mask', 'between 5.10 and 6.1', 'dma_set_mask()'),
  'ioremap-nocache-gone': gone('ioremap_nocache', before, 'ioremap()'),
  'class-create-arguments': buildCause(
    /error: (?:too many arguments to function|macro) ['‘"]class_create['’"]|error: too many arguments to function call.*class_create/,
    'The driver passes the module to class_create, which does not take it from 6.4 on.',
    'Pass only the name from 6.4 on, chosen by LINUX_VERSION_CODE.',
  ),
  'bus-remove-returns': {
    ...buildCause(
      busRemove,
      'The remove operation of a bus returns a number, which it does not from 5.15 on.',
      'Let it return void from 5.15 on.',
    ),
    // The line of the source is below the error. The release operation of a device has never returned a
    // number.
    find: ({ build = [] }) =>
      build
        .filter((line, index) => busRemove.test(line) && /\bremove\b/.test(build[index + 1] ?? ''))
        .slice(0, 3),
  },
  'bus-match-const': buildCause(
    expects('const struct device_driver'),
    'The match operation of a bus takes a driver that is not const, as it has to be from 6.11 on.',
    'Declare the second argument as const struct device_driver * from 6.11 on.',
  ),
  // sysctl, sysfs, files
  'register-sysctl-table-gone': gone(
    'register_sysctl_table',
    'between 6.1 and 6.12',
    'register_sysctl(), with the path as its first argument',
  ),
  'register-sysctl-paths-gone': gone(
    'register_sysctl_paths',
    'between 6.1 and 6.12',
    'register_sysctl(), with the path as its first argument',
  ),
  'ctl-table-child-gone': buildCause(
    /error: ['‘]struct ctl_table['’] has no member named ['‘]child['’]/,
    'A table of sysctl values has a child, which struct ctl_table lost between 6.1 and 6.12.',
    'Register the values with register_sysctl() and the whole path.',
  ),
  'ctl-table-const': buildCause(
    expects('const struct ctl_table'),
    'The handler of a sysctl value takes a table that is not const, as it has to be from 6.11 on.',
    'Declare the first argument as const struct ctl_table * from 6.11 on.',
  ),
  'bin-attribute-const': buildCause(
    expects('const struct bin_attribute'),
    'The description of a binary attribute is not const, as it has to be since a kernel between 6.12 and 7.3.',
    'Declare the argument as const struct bin_attribute * for these kernels.',
  ),
  'kernel-param-const': buildCause(
    expects('const struct kernel_param'),
    'The operations of a parameter take one that is not const, as it has had to be since before 5.10.',
    'Declare the argument as const struct kernel_param *.',
  ),
  'create-proc-entry-gone': gone('create_proc_entry', before, 'proc_create(), with struct proc_ops'),
  'no-llseek-gone': gone('no_llseek', 'in 6.12', 'nothing: a file without llseek cannot seek'),
  'unaligned-header-moved': buildCause(
    /fatal error: '?asm\/unaligned\.h'?(?:: No such file| file not found)/,
    'The driver includes <asm/unaligned.h>, which moved in 6.12.',
    'Include <linux/unaligned.h> from 6.12 on.',
  ),
  'set-fs-gone': gone('get_fs', 'in 5.10 on x86', 'kernel_read() and kernel_write()'),
  // clocks, strings, numbers
  'adjfreq-gone': buildCause(
    noMember('adjfreq'),
    'The operation adjfreq is set, which struct ptp_clock_info does not have from 6.2 on.',
    'Set adjfine, whose argument is parts per million with 16 binary places.',
  ),
  'strlcpy-gone': gone('strlcpy', 'in 6.8', 'strscpy()'),
  'prandom-u32-gone': gone('prandom_u32', 'between 5.10 and 6.1', 'get_random_u32()'),
  'in-hardirq-newer': newer('in_hardirq', '5.11', 'in_irq()'),
  // modules
  'namespace-not-imported': buildCause(
    /ERROR: modpost: (?:\S+ )?module \S*\s?uses symbol \S+ from namespace \S+, but does not import it/,
    'The driver uses a symbol of a namespace that it does not import.',
    'Add MODULE_IMPORT_NS() with the namespace that the line names: in quotes from 6.13 on, without before.',
  ),
  'namespace-without-quotes': buildCause(
    /\bMODULE_IMPORT_NS\([A-Z_]+\)/,
    'MODULE_IMPORT_NS has a name without quotes, which works only before 6.13.',
    'Put the namespace in quotes from 6.13 on.',
  ),
  'symbol-not-exported': buildCause(
    /ERROR: modpost: (?:"\w+" \[\S+\.ko\]|\S+\.ko: symbol '\w+') undefined!/,
    'The driver uses a symbol that this kernel does not export.',
    'Avoid the symbol, which the line names, or configure the kernel so that it exports it.',
  ),
} as const satisfies Readonly<Record<string, Cause>>;

export type BuildCauseId = keyof typeof buildCauses;
