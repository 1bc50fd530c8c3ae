// The driver does not bind to a function that differs from vmd's in one id, even if it is forced to, or whose
// BAR0 is not an I/O range. It holds nothing of a function that it has refused.

import { readDevice } from '../harness/guest/sysfs.js';
import { type Holdings, holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { probeErrors } from './shared/probe-errors.js';

/** The region index of the configuration space in vfio. */
const CONFIG_REGION = 7;

const BAR0 = 0x10;
const MEMORY_BAR = 0;

/**
 * Registers of a type 0 header (PCI local bus 3.0, 6.1), each with a value that differs from vmd's function.
 */
const others = [
  { what: 'vendor', offset: 0x00, value: 0x0777_0b5e },
  { what: 'device', offset: 0x00, value: 0x0778_0b5d },
  { what: 'subsystem vendor', offset: 0x2c, value: 0x0b5e },
  { what: 'subsystem device', offset: 0x2e, value: 0xfffe },
  { what: 'revision', offset: 0x08, value: 0xff00_0001 },
] as const;

/** The fault that answers a read of the configuration space with `value`. */
const answer = (offset: number, value: number) =>
  ({
    kind: 'value',
    value,
    when: { protocol: 'vfio-user', command: 'REGION_READ', region: CONFIG_REGION, offset },
  }) as const;

scenario('foreign-function', {}, async ({ check, vm, device, driver, until, trace, environment }) => {
  const { shell, address } = vm;
  const { pciDriver } = driver.description;
  const pci = '/sys/bus/pci';
  const rescan = () => shell.text(`echo 1 >${pci}/devices/${address}/remove && echo 1 >${pci}/rescan`);
  // Of a function that no driver has been bound to.
  let before: Holdings | undefined;
  const checkRefused = async (what: string): Promise<void> => {
    const found = await readDevice(shell, address);
    check('binds-only-vmmci').equal(`driver of a function ${what}`, found?.driver, null);
    // A driver that is bound holds what it needs.
    if (before === undefined || typeof found?.driver === 'string') return;
    const leaked = await leftovers(shell, before);
    check('leaves-nothing').equal(`leaked resources of a function ${what}`, leaked, []);
  };
  for (const { what, offset, value } of others) {
    const mark = trace.mark;
    device.faults.set({ faults: [answer(offset, value)] });
    await rescan();
    await until('fault', mark);
    before ??= await holdings(shell, address);
    await shell.run(`echo ${pciDriver} >${pci}/devices/${address}/driver_override`);
    await shell.run(`echo ${address} >${pci}/drivers/${pciDriver}/bind`);
    await checkRefused(`with a different ${what}`);
    device.faults.clear();
  }
  if (environment.level === 'may') {
    // QEMU reads the type of the BAR when the function is plugged in.
    await vm.unplug();
    const mark = trace.mark;
    device.faults.set({ faults: [answer(BAR0, MEMORY_BAR)] });
    // A kernel may have no addresses for it.
    await vm.plug(undefined, undefined, 'resource');
    await until('fault', mark);
    device.faults.clear();
    await checkRefused('whose BAR0 is memory');
    await vm.unplug();
    await vm.plug();
  }
  check('binds-only-vmmci').equal('errors of these probes other than ENODEV', await probeErrors(shell), []);
  await rescan();
  check('comes-back').equal(
    "driver of vmd's function",
    (await readDevice(shell, address))?.driver,
    pciDriver,
  );
});
