import t from 'tap';
import { interfaceUses } from '../../testing/kernel-interfaces.js';
import { buildCauses } from './build-causes.js';
import type { CauseId } from './cause-table.js';
import { findCauses } from './find-causes.js';

const found = (...build: string[]): string[] =>
  findCauses({ trace: [], dmesg: [], reasons: [], build }).map(({ id }) => id);

const at = 'vmmci.c:12:8: error: ';

const intForVoid = `${at}initialization of ‘void (*)(struct device *)’ from incompatible pointer type ‘int (*)(struct device *)’`;

/** Lines as GCC 12 and 14, Clang 19 and modpost print them. */
const cases: readonly (readonly [CauseId, string])[] = [
  [
    'do-gettimeofday-gone',
    `${at}implicit declaration of function ‘do_gettimeofday’; did you mean ‘x’? [-Werror]`,
  ],
  ['slab-not-included', `${at}implicit declaration of function ‘kzalloc’; did you mean ‘vzalloc’? [-Werror]`],
  ['workqueue-not-included', `${at}implicit declaration of function ‘cancel_delayed_work_sync’`],
  ['workqueue-not-included', `${at}call to undeclared function 'INIT_WORK'; ISO C99 and later do not`],
  ['del-timer-gone', `${at}implicit declaration of function ‘del_timer’; did you mean ‘mod_timer’?`],
  ['del-timer-sync-gone', `${at}call to undeclared function 'del_timer_sync'; ISO C99 and later do not`],
  // The stable releases of all series have it by now.
  ['timer-delete-sync-newer', `${at}implicit declaration of function ‘timer_delete_sync’; did you mean ‘x’?`],
  ['from-timer-gone', `${at}implicit declaration of function 'from_timer'`],
  ['strlcpy-gone', `${at}implicit declaration of function ‘strlcpy’; did you mean ‘strscpy’?`],
  ['no-llseek-gone', `${at}‘no_llseek’ undeclared here (not in a function); did you mean ‘noop_llseek’?`],
  ['class-create-arguments', `${at}too many arguments to function ‘class_create’`],
  [
    'find-vqs-arguments',
    `${at}initialization of ‘int (*)(struct virtio_device *, unsigned int, struct virtqueue **, struct virtqueue_info *, struct irq_affinity *)’ from incompatible pointer type ‘int (*)(struct virtio_device *, unsigned int)’`,
  ],
  [
    'ctl-table-const',
    `${at}initialization of ‘int (*)(const struct ctl_table *, int, void *)’ from incompatible pointer type ‘int (*)(struct ctl_table *, int, void *)’`,
  ],
  ['ctl-table-child-gone', `${at}‘struct ctl_table’ has no member named ‘child’`],
  ['adjfreq-gone', `${at}‘struct ptp_clock_info’ has no member named ‘adjfreq’; did you mean ‘adjfine’?`],
  ['virtio-shutdown-newer', `${at}‘struct virtio_driver’ has no member named ‘shutdown’`],
  ['unaligned-header-moved', 'vmmci.c:3:10: fatal error: asm/unaligned.h: No such file or directory'],
  ['bus-remove-returns', `${intForVoid}\n   25 |         .remove = bus_remove,`],
  [
    'namespace-not-imported',
    'ERROR: modpost: module vmmci uses symbol dma_buf_get from namespace DMA_BUF, but does not import it.',
  ],
  ['symbol-not-exported', 'ERROR: modpost: "register_virtio_driver" [/x/vmmci.ko] undefined!'],
  // As Linux 7.3 prints them.
  [
    'namespace-not-imported',
    "ERROR: modpost: vmmci.ko: module uses symbol 'dma_buf_get' from namespace 'DMA_BUF', but does not import it.",
  ],
  ['symbol-not-exported', "ERROR: modpost: vmmci.ko: symbol 'register_virtio_driver' undefined!"],
];

t.test('finds the changed interface in a line of the compiler', async (t) => {
  for (const [id, line] of cases)
    t.same(found('  CC [M]  vmmci.o', ...line.split('\n'), ...line.split('\n')), [id], id);
});

t.test('each row is seen in the output of a compiler', async (t) => {
  const recorded = new Set(cases.map(([id]) => id));
  const compiled = new Map(Object.entries(interfaceUses).map(([id, { failsOn }]) => [id, failsOn]));
  for (const id of Object.keys(buildCauses))
    t.ok(recorded.has(id as CauseId) || (compiled.get(id) ?? []).length > 0, id);
});

t.test('finds no cause in other errors', async (t) => {
  t.same(found(`${at}implicit declaration of function ‘my_del_timer’`), []);
  t.same(found(`${at}implicit declaration of function ‘my_kzalloc’`), []);
  t.same(found('vmmci.c:12:8: warning: ‘del_timer’ is deprecated'), []);
  t.same(found('vmmci.c:1:2: error: #error "not today"'), []);
  t.same(found(intForVoid, '   25 |         .release = release,'), [], 'of a device');
});

t.test('uses each line as evidence once', async (t) => {
  const line = `${at}implicit declaration of function ‘del_timer’`;
  const [cause] = findCauses({ trace: [], dmesg: [], reasons: [], build: [line, line] });
  t.same(cause?.evidence, [line]);
});
