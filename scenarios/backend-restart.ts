// The back-end behind the function dies and comes back while somebody reads the clock: errors meanwhile, and then all is as before.
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isLook } from '../harness/scenario/traffic.js';

const rounds = 3;

scenario('backend-restart', { parameters: { drift_interval_ms: '20' } }, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  const { shell } = vm;
  const file = driver.path(driver.hostTimeName);
  await shell.text(
    `(while [ ! -e /run/enough ]; do cat ${file}; done >/run/readings 2>/run/errors; : >/run/ended) &`,
  );
  for (let round = 1; round <= rounds; round++) {
    await until('sample', trace.mark, undefined, 3);
    await device.stopBackend();
    await until('bar-read', trace.mark, ({ absent }) => absent === true, 5);
    await device.startBackend();
    const { status, guestFeatures } = device.vmmci.state();
    check.equal(
      `status and features that back-end ${round + 1} is told`,
      [status & 4, guestFeatures],
      [4, 7],
    );
    const mark = trace.mark;
    check.equal('SYNCRTC from it', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    await until('bar-read', mark, isLook, 3);
    check.equal('acknowledgements', acks(trace, mark), [[3, 'cleared']]);
  }
  await shell.text(': >/run/enough; until [ -e /run/ended ]; do usleep 1000; done');
  const samples = new Set(trace.since(0, 'sample').map(({ us }) => us));
  const readings = (await shell.text('cat /run/readings')).split('\n');
  // One that began while the back-end was away and ended when it was back has the seconds of nobody.
  const whole = readings.filter((line) => !line.startsWith(`${0xffffffff}.`));
  const wrong = whole.filter((line) => !samples.has(BigInt(line.replace('.', ''))));
  check.equal('readings that are no sample of the device', wrong, []);
  const errors = await shell.text("sed 's/.*: //' /run/errors | sort -u");
  check.equal('errors of readings', errors, 'No such device');
  check.equal('SYNCRTC commands', (await driver.commandCounts()).SYNCRTC, rounds);
});
