// A reset of the device does not clear the command: a reloaded driver finds the stop that the previous one
// has handled, and must not act on it again.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import type { Scene } from '../harness/scenario/scene.js';
import { acks, isCommandRead, isDriverOk, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';

const pollMs = 20;
const none = { SHUTDOWN: 0, REBOOT: 0, SYNCRTC: 0, unknown: 0 };

/** Loads the driver, and waits until it has looked at the command a few times. */
const loadAndPoll = async ({ driver, trace, until }: Scene): Promise<void> => {
  const { mark } = trace;
  await driver.load(driver.pollingEvery(pollMs));
  const up = await until('status', mark, isDriverOk);
  // A driver that does not poll sees the register at the next interrupt, the one of a later command.
  if (driver.hasPollInterval) await until('bar-read', up.seq, isCommandRead, 5);
};

/** Sends a command and waits for its acknowledgement. */
const send = async ({ check, device, trace, until }: Scene, name: 'SHUTDOWN' | 'REBOOT' | 'SYNCRTC') => {
  const { mark } = trace;
  check('driver-ok').equal(name, device.host.command(name), 'sent');
  await until('ack', mark);
};

/** A driver that is loaded after a stop was carried out leaves the command in the register alone. */
const reloadAfter = async (scene: Scene, name: 'SHUTDOWN' | 'REBOOT', requested: readonly string[]) => {
  const { check, vm, device, driver, trace } = scene;
  await driver.unload();
  check('acknowledges').equal('command register', device.vmmci.state().command, name);
  const { mark } = trace;
  await loadAndPoll(scene);
  check('survives-reload').equal('acknowledgements by the new driver', acks(trace, mark), []);
  check('survives-reload').equal('requests to go down', await powerRequests(vm.shell), requested);
  if (!driver.showsCommands) return;
  check('shows-commands').equal('last command', await driver.lastCommand(), 'NONE');
  check('shows-commands').equal(checkNames.commandsAfterReload, await driver.commandCounts(), none);
};

/** A command that the driver does not know, and that was sent before it was bound, is an old one, too. */
const reloadAfterUnknown = async (scene: Scene): Promise<void> => {
  const { check, device, driver } = scene;
  await driver.unload();
  device.faults.set({ faults: [{ kind: 'value', value: 7, when: readsOf('command') }] });
  await loadAndPoll(scene);
  if (driver.showsCommands)
    check('shows-commands').equal(checkNames.commandsBeforeBound, await driver.commandCounts(), none);
  await driver.unload();
  device.faults.clear();
  await driver.load(driver.pollingEvery(pollMs));
};

/** Without a program that powers off, the guest stays up: it is not powered off by force. */
const withoutPoweroff = async (scene: Scene, requested: readonly string[]): Promise<void> => {
  const { check, vm, driver } = scene;
  await vm.shell.text('rm /sbin/poweroff');
  for (const name of ['SHUTDOWN', 'REBOOT'] as const) {
    await send(scene, name);
    // Waits until the command is carried out.
    await driver.unload();
    await driver.load(driver.pollingEvery(pollMs));
  }
  const seen = await powerRequests(vm.shell, requested.length);
  check('keeps-data').equal(checkNames.requestsWithoutProgram, seen, requested);
};

scenario('stop-reload', { scheduler: new VirtualScheduler() }, async (scene) => {
  const { check, vm, trace, environment } = scene;
  await recordPowerRequests(vm.shell);
  const requested: string[] = [];
  for (const [name, program] of [
    ['SHUTDOWN', 'poweroff'],
    ['REBOOT', 'reboot'],
  ] as const) {
    await send(scene, name);
    requested.push(program);
    const seen = await powerRequests(vm.shell, requested.length);
    check('goes-down').equal('requests to go down', seen, requested);
    await reloadAfter(scene, name, requested);
  }
  await reloadAfterUnknown(scene);

  // The register still has the REBOOT, and the host sends it again only after another command.
  const other = takesSyncRtc(scene) ? 'SYNCRTC' : 'SHUTDOWN';
  await send(scene, other);
  if (other === 'SHUTDOWN') requested.push('poweroff');
  await powerRequests(vm.shell, requested.length);
  const { mark } = trace;
  await send(scene, 'REBOOT');
  check('acknowledges').equal('acknowledgements of a new REBOOT', acks(trace, mark), ['REBOOT: graceful']);
  requested.push('reboot');
  const requests = await powerRequests(vm.shell, requested.length);
  check('goes-down').equal('requests to go down afterwards', requests, requested);

  if (environment.level === 'may') await withoutPoweroff(scene, [...requested, 'reboot']);
});
