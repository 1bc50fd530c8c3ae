// Hosts that offer less: the driver uses what is offered and nothing else. ENODATA says that there is no time to be had.
import { powerRequests, refuseToGoDown } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, acks, isLook } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC, TIMESYNC } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const subsets: readonly [name: string, features: number][] = [
  ['nothing', 0],
  ['TIMESYNC', TIMESYNC],
  ['TIMESYNC and ACK', TIMESYNC | ACK],
  ['TIMESYNC and SYNCRTC', TIMESYNC | SYNCRTC],
  ['ACK and SYNCRTC', ACK | SYNCRTC],
  ['all three', TIMESYNC | ACK | SYNCRTC],
];

const options = { scheduler: new VirtualScheduler(), clock: 'frozen:2026-11-22T12:34:56.123456Z' };

const readsOfTime = (seen: readonly string[]): string[] =>
  seen.filter((access) => /read (24|32)/.test(access));

scenario('feature-subsets', { ...options, driver: 'installed' }, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  await refuseToGoDown(vm.shell);
  let stops = 0;
  for (const [name, features] of subsets) {
    await device.stopBackend();
    await device.startBackend({ features });
    const offers = (feature: number): boolean => (features & feature) !== 0;
    let mark = trace.mark;
    await driver.load({ drift_interval_ms: '20' });
    check.equal(
      `features in use where the host offers ${name}`,
      device.vmmci.state().guestFeatures,
      features,
    );
    // The device takes what it offers and no more, so what the driver wrote is seen in the trace alone.
    const written = accesses(trace, mark).filter((access) => access.startsWith('write 4 '));
    check.equal('features that the driver wrote last', written.at(-1), `write 4 = ${features}`);

    const shown = await vm.shell.run(`cat ${driver.path(driver.hostTimeName)}`);
    const seen = offers(TIMESYNC) ? '1795350896.123456' : 'No data available';
    check.that(
      'host_time',
      `${shown.stdout}${shown.stderr}`.includes(seen),
      seen,
      `${shown.stdout}${shown.stderr}`,
    );

    mark = trace.mark;
    const sync = device.host.command('SYNCRTC');
    check.equal('SYNCRTC', sync, offers(SYNCRTC) ? 'sent' : 'not-negotiated');
    await until('bar-read', mark, isLook, 4);
    check.equal(
      'acknowledgements',
      acks(trace, mark),
      sync === 'sent' && offers(ACK) ? [[3, 'cleared']] : [],
    );
    const set = sync === 'sent' && offers(TIMESYNC) ? ['read 24', 'read 32'] : [];
    check.equal('reads of the time, to set the clock once', readsOfTime(accesses(trace, mark)), set);

    mark = trace.mark;
    check.equal('REBOOT', device.host.command('REBOOT'), 'sent');
    await until('bar-read', mark, isLook, 4);
    check.equal('acknowledgements', acks(trace, mark), offers(ACK) ? [[2, 'graceful']] : []);
    stops += 1;
    check.equal('requests to go down', (await powerRequests(vm.shell, stops)).length, stops);
    await driver.unload();
  }
});
