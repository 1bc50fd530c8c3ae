// After `vmctl stop` and after SHUTDOWN a distribution acknowledges at once; systemd then stops its services
// in order and writes out the journal.

import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';
import type { Request } from '../../harness/vmmci/commands.js';
import { acknowledgedIn } from '../shared/acknowledged-in.js';
import { readDistroDisk } from '../shared/distro-disk.js';

/** Services of which each requires the previous one, so that they stop in the opposite order. */
const names = ['vmmci-one', 'vmmci-two', 'vmmci-three'];

const unit = (before: string | undefined): string => `[Unit]
${before === undefined ? '' : `Requires=${before}.service\nAfter=${before}.service\n`}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=true
ExecStop=sh -c 'echo %N >>/var/lib/stopped && echo "%N is stopping"'
`;

const install = ({ vm }: Scene): Promise<string> => {
  const files = names.map(
    (name, index) => `cat >/etc/systemd/system/${name}.service <<'END'\n${unit(names[index - 1])}END\n`,
  );
  return vm.shell.text(`${files.join('')}systemctl daemon-reload && systemctl start ${names.at(-1)}`, {
    what: 'services',
    timeoutMs: 60_000,
  });
};

const goesDown = async (
  scene: Scene,
  command: Request,
  send: () => unknown,
  how: { shutdown: string; target: string },
): Promise<void> => {
  const { check, vm, trace, environment, until } = scene;
  await install(scene);

  const mark = trace.mark;
  check('driver-ok').equal(`${command} to a driver that is up`, send(), 'sent');
  await until('command', mark);
  const exit = await vm.ended('end of a guest that was asked to stop', 120_000);

  check('acknowledges').equal('acknowledgements', acks(trace, mark), [`${command}: graceful`]);
  acknowledgedIn(check('acknowledges-in-time'), trace, mark, environment);
  check('goes-down').equal('end of the guest', exit.shutdown, how.shutdown);

  const disk = await readDistroDisk(environment, vm);
  const report = disk.clean ? 'clean' : disk.report;
  check('keeps-data').that('file system', disk.clean, 'clean', report);
  const reversed = [...names].reverse();
  const stopped = await disk.lines('/var/lib/stopped');
  check('goes-down').equal('order in which the services stopped', stopped, reversed);
  const { lines: journal } = await disk.journal('--output=cat');
  const stopping = journal.flatMap((line) => /^(\S+) is stopping$/.exec(line)?.[1] ?? []);
  check('goes-down').equal('order in the journal', stopping, reversed);
  const end = journal.slice(journal.indexOf(`${reversed.at(-1)} is stopping`));
  check('goes-down').that(
    'end of the journal',
    end.some((line) => line.includes(`Reached target ${how.target}`)),
    `${how.target} reached after the services`,
    end,
  );
  const { lines: header } = await disk.journal('--header');
  const states = header.filter((line) => line.startsWith('State: '));
  check('keeps-data').equal('states of the journal files', [...new Set(states)], ['State: OFFLINE']);
  const verified = await disk.journal('--verify', '--quiet');
  check('keeps-data').that('journalctl --verify', verified.status === 0, 'status 0', verified.lines);
};

scenario('distro-stop', { guest: 'distro' }, async (scene) => {
  const { check, vm, device } = scene;
  await goesDown(scene, 'REBOOT', () => device.host.stop(), {
    shutdown: 'guest-reset',
    target: 'reboot.target',
  });
  check('goes-down').equal("vmd's reason to end the VM", vm.kill()?.reason, 'guest-exit');
});

scenario('distro-shutdown', { guest: 'distro' }, async (scene) => {
  await goesDown(scene, 'SHUTDOWN', () => scene.device.host.command('SHUTDOWN'), {
    shutdown: 'guest-shutdown',
    target: 'poweroff.target',
  });
});
