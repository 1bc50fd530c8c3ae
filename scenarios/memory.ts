// The driver frees what it allocates from load to unload, with readings and commands, also of errors, and
// puts the references to its function. This also works on kernels without a leak detector.

import { beginMemoryTrace, endMemoryTrace, noteAllocations } from '../harness/guest/memory-trace.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isTimeRead, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { references } from './shared/references.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';
import { unloadAbsent } from './shared/unload-absent.js';

const readings = 5;

const options = {
  driver: 'installed',
  helpers: true,
  scheduler: new VirtualScheduler(),
  needs: ['EVENT_TRACING'],
} as const;

scenario('memory', options, async (scene) => {
  const { check, vm, device, driver, trace, until } = scene;
  const { shell } = vm;
  const { modules } = driver.description;
  const unfreed = check('leaves-nothing');
  const before = await references(shell, vm.address);
  await beginMemoryTrace(shell);
  await driver.load(driver.quiet);
  await shell.text(
    `for reading in $(seq ${readings}); do cat ${driver.allPaths}; done >/dev/null 2>&1 || true`,
  );
  const synchronize = async (): Promise<void> => {
    if (!takesSyncRtc(scene)) return;
    const mark = trace.mark;
    check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    // The faults must last until it is carried out.
    if (driver.description.syncRtc === 'registers') await until('bar-read', mark, isTimeRead);
  };
  await synchronize();
  await noteAllocations(shell, modules);
  await driver.unload();
  unfreed.equal('allocations that were not freed', await endMemoryTrace(shell), []);
  const after = async () => references(shell, vm.address);
  unfreed.equal('references to the PCI function after unload', await after(), before);

  // A driver frees less on a path that it seldom takes.
  await recordPowerRequests(shell);
  await beginMemoryTrace(shell);
  await driver.load(driver.quiet);
  device.faults.set({ faults: [{ kind: 'value', value: 1_000_000, when: readsOf('microsecondsLow') }] });
  await shell.text(`cat ${driver.allPaths} >/dev/null 2>&1 || true`);
  await synchronize();
  await vm.pause();
  device.faults.set({ faults: [{ kind: 'value', value: 7, when: { ...readsOf('command'), times: 1 } }] });
  const { mark } = trace;
  check('driver-ok').equal('REBOOT that reads as an unknown command', device.host.command('REBOOT'), 'sent');
  await vm.unpause();
  await until('fault', mark);
  device.faults.clear();
  check('driver-ok').equal('SHUTDOWN', device.host.command('SHUTDOWN'), 'sent');
  await until('ack', mark);
  await powerRequests(shell, 1);
  await noteAllocations(shell, modules);
  await driver.unload();
  unfreed.equal(
    'allocations of faults, an unknown command and a SHUTDOWN that were not freed',
    await endMemoryTrace(shell),
    [],
  );

  /** Loads and unloads the driver where its probe should fail. */
  const checkProbe = async (what: string, unload: () => Promise<void>): Promise<void> => {
    await beginMemoryTrace(shell);
    await driver.load(driver.quiet);
    await noteAllocations(shell, modules);
    await unload();
    unfreed.equal(`allocations of a probe ${what} that were not freed`, await endMemoryTrace(shell), []);
  };
  await device.stopBackend();
  await checkProbe('without the device', () => unloadAbsent(scene));
  await device.startBackend();
  device.faults.set({ faults: [{ kind: 'ones', when: readsOf('command') }] });
  await checkProbe('where the command reads as all ones', () => driver.unload());
  unfreed.equal('references to the PCI function after these probes', await after(), before);
});
