// The backend behind the function stops and restarts while a process reads the clock. Reads fail while it is
// away and work again afterwards.

import { showEach, showInstant } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, hasDriverOk, isCommandRead, samples } from '../harness/scenario/traffic.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

const rounds = 3;

scenario('backend-restart', { pollMs: 20 }, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  needSyncRtc({ driver, device });
  driver.needsPollInterval();
  const { shell } = vm;
  const { guestFeatures: negotiated } = device.vmmci.state();
  const file = driver.path(driver.hostTimeName);
  // If no reading works at all, this one says why.
  await driver.hostTime();
  await shell.text(
    `(while [ ! -e /run/enough ]; do cat ${file}; done >/run/readings 2>/run/errors; : >/run/ended) &`,
  );
  for (let round = 1; round <= rounds; round++) {
    await until('sample', trace.mark, undefined, 3);
    await device.stopBackend();
    await until('bar-read', trace.mark, ({ absent }) => absent === true, 5);
    await device.startBackend();
    const { status, guestFeatures } = device.vmmci.state();
    const isUp = hasDriverOk(status) && guestFeatures === negotiated;
    check('driver-ok').that(
      `status and features that backend ${round + 1} receives`,
      isUp,
      'DRIVER_OK and the features that were negotiated',
      {
        status,
        guestFeatures,
      },
    );
    const mark = trace.mark;
    check('driver-ok').equal('SYNCRTC from the new backend', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    await until('bar-read', mark, isCommandRead, 3);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  }
  await shell.text(': >/run/enough; until [ -e /run/ended ]; do usleep 1000; done');
  // A reading that began without a backend and ended with one has all ones for its seconds. It is not a
  // sample.
  const readings = (await driver.readings('/run/readings')).filter(
    (time) => time / 1_000_000n !== 0xffffffffn,
  );
  const sampled = samples(trace, 0);
  check('shows-host-time').equal(
    'readings that are not samples of the device',
    readings.filter((time) => !sampled.has(time)),
    [],
    showEach(showInstant),
  );
  const errors = await shell.text("sed 's/.*: //' /run/errors | sort -u");
  check('no-time-is-an-error').equal('errors of readings', errors, 'No such device');
  check('shows-commands').equal('SYNCRTC commands', (await driver.commandCounts()).SYNCRTC, rounds);
});
