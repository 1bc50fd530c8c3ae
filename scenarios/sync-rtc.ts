// SYNCRTC is acknowledged, and the guest's clock is then the device's.
import { readGuestClock, shiftGuestClock } from '../harness/guest/clock.js';
import { scenario } from '../harness/scenario/scenario.js';

const hour = 3_600_000_000_000n;

/** How far the guest's clock may be from the device's, in nanoseconds. */
const near = 50_000_000n;

scenario('sync-rtc', {}, async ({ check, vm, driver, device, trace }) => {
  await shiftGuestClock(vm.shell, -hour);
  const mark = trace.mark;
  check.equal('SYNCRTC to a driver that negotiated it', device.host.command('SYNCRTC'), 'sent');
  await vm.console.guard(trace.next('ack', mark), { what: 'acknowledgement of SYNCRTC', timeoutMs: 10_000 });
  check.equal(
    'what was acknowledged',
    trace.since(mark, 'ack').map(({ value, effect }) => [value, effect]),
    [[3, 'cleared']],
  );
  check.equal('the command register after it', device.vmmci.state().command, 'NONE');

  // The acknowledgement comes before the work: the clock is set a moment later.
  const half = device.clock.now() * 1000n - hour / 2n;
  await vm.shell.text(`until [ "$(guest-clock)" -gt ${half} ]; do usleep 1000; done`, {
    what: "step of the guest's clock to the device's",
    timeoutMs: 5000,
  });
  const now = () => device.clock.now() * 1000n;
  const { guest, before, after } = await readGuestClock(vm.shell, now);
  check.that(
    "the guest's clock after it",
    before - near <= guest && guest <= after + near,
    `${before - near} to ${after + near} ns`,
    guest,
  );
  check.equal('last_command', await driver.lastCommand(), 'SYNCRTC');
});
