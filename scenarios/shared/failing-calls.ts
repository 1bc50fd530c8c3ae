// Finds the driver's calls into the kernel that can fail, and makes one of them fail by a helper module
// (images/kernels/helpers).

import type { Shell } from '../../harness/guest/shell.js';
import type { Environment } from '../../harness/run/environment.js';
import { importsOf } from './imports.js';

const ENOMEM = -12;
const EIO = -5;
const EBUSY = -16;
const ENOSPC = -28;

/** How functions of the kernel fail that drivers of such devices call in probe. */
const failures: readonly { readonly name: RegExp; readonly value: number; readonly error: number }[] = [
  // No memory: a null pointer.
  {
    name: /^(__)?kv?[mz]alloc(?!_caches)|^kmem_cache_alloc|^vmalloc|^devm_k[mz]alloc$/,
    value: 0,
    error: ENOMEM,
  },
  { name: /^alloc_workqueue/, value: 0, error: ENOMEM },
  { name: /^pcim?_iomap(_range)?$|^ioport_map$|^(devm_)?ioremap/, value: 0, error: ENOMEM },
  { name: /^pcim?_enable_device(_io)?$/, value: EIO, error: EIO },
  { name: /^pcim?_request_(selected_)?regions?$/, value: EBUSY, error: EBUSY },
  { name: /^(devm_)?request_threaded_irq$/, value: EBUSY, error: EBUSY },
  { name: /^pci_alloc_irq_vectors/, value: ENOSPC, error: ENOSPC },
  { name: /^(ptp_clock_register|__class_create|class_create|device_create)$/, value: ENOMEM, error: ENOMEM },
  { name: /^(misc_register|device_create_file|sysfs_create_(file|group)\w*)$/, value: ENOMEM, error: ENOMEM },
];

/**
 * Functions that must not be skipped as a whole, since their caller may rely on what they do before they
 * fail. Instead, a call within the function fails.
 */
const within: Readonly<Record<string, { readonly call: string; readonly value: number }>> = {
  register_virtio_device: { call: 'device_add', value: ENOMEM },
};

export interface FallibleCall {
  /** The function that the driver's module calls. */
  readonly what: string;
  readonly module: string;
  /** The function that fails. */
  readonly call: string;
  /** Part of the symbol of the caller, by which the helper module recognises it. */
  readonly caller: string;
  readonly value: number;
  /** The error that the probe returns then. */
  readonly error: number;
}

/** The functions outside the driver's modules that they call and that this file can make fail. */
export const fallibleCalls = async (environment: Environment): Promise<FallibleCall[]> => {
  const found = environment.driver.modules.map(
    async (module): Promise<FallibleCall[]> =>
      (await importsOf(environment, module)).flatMap((what): FallibleCall[] => {
        const inner = within[what];
        if (inner !== undefined) return [{ what, module, ...inner, caller: `${what}+`, error: inner.value }];
        const failure = failures.find(({ name }) => name.test(what));
        if (failure === undefined) return [];
        const { value, error } = failure;
        return [{ what, module, call: what, caller: `[${module}]`, value, error }];
      }),
  );
  return (await Promise.all(found)).flat();
};

/** Makes call number `nth` fail while `step` runs. Resolves with true if there was such a call. */
export const withFailingCall = async (
  shell: Shell,
  { call, caller, value }: Pick<FallibleCall, 'call' | 'caller' | 'value'>,
  nth: number,
  step: () => Promise<unknown>,
): Promise<boolean> => {
  const words = [`call=${call}`, `caller=${caller}`, `nth=${nth}`, `value=${value}`];
  await shell.output(['load', 'failing_call', ...words], { what: `a probe at ${call}` });
  await step();
  const seen = await shell.output(['read-files', '/sys/module/failing_call/parameters/seen']);
  await shell.output(['unload', 'failing_call']);
  return Number(seen) >= nth;
};
