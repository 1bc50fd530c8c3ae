// The driver does not bind to a function that differs from vmd's in one id, even if it is forced to.

import { readDevice } from '../harness/guest/sysfs.js';
import { probeErrors } from '../harness/scenario/probe-errors.js';
import { scenario } from '../harness/scenario/scenario.js';

/** The region index of the configuration space in vfio. */
const CONFIG_REGION = 7;

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

scenario('foreign-function', {}, async ({ check, vm, device, driver, until, trace }) => {
  const { shell, address } = vm;
  const { pciDriver } = driver.description;
  const pci = '/sys/bus/pci';
  const rescan = () => shell.text(`echo 1 >${pci}/devices/${address}/remove && echo 1 >${pci}/rescan`);
  for (const { what, offset, value } of others) {
    const when = { protocol: 'vfio-user', command: 'REGION_READ', region: CONFIG_REGION, offset } as const;
    const mark = trace.mark;
    device.faults.set({ faults: [{ kind: 'value', value, when }] });
    await rescan();
    await until('fault', mark);
    await shell.run(`echo ${pciDriver} >${pci}/devices/${address}/driver_override`);
    await shell.run(`echo ${address} >${pci}/drivers/${pciDriver}/bind`);
    const found = await readDevice(shell, address);
    check('binds-only-vmmci').equal(`driver of a function with a different ${what}`, found?.driver, null);
    device.faults.clear();
  }
  check('binds-only-vmmci').equal('errors of these probes other than ENODEV', await probeErrors(shell), []);
  await rescan();
  check('comes-back').equal(
    "driver of vmd's function",
    (await readDevice(shell, address))?.driver,
    pciDriver,
  );
});
