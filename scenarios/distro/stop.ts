// `vmctl stop`, and SHUTDOWN, of a distribution: acknowledged at once, then systemd stops its services in order and writes the journal out.
import { readDistroDisk } from '../../harness/scenario/distro-disk.js';
import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';

const limit = 3_000_000; // microseconds

/** Each needs the one before it, so they stop in the opposite order. */
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
  value: number,
  send: () => unknown,
  how: { shutdown: string; target: string },
): Promise<void> => {
  const { check, vm, trace, environment, until } = scene;
  await install(scene);

  const mark = trace.mark;
  check.equal('sent to a driver that is up', send(), 'sent');
  const sent = (await until('command', mark)).at;
  const exit = await vm.ended('the end of a guest that was asked to stop', 120_000);

  check.equal('what was acknowledged', acks(trace, mark), [[value, 'graceful']]);
  const [ack] = trace.since(mark, 'ack');
  check.that(
    'the acknowledgement came within 3 s',
    ack !== undefined && ack.at - sent < limit,
    `less than ${limit} us after the command`,
    ack && ack.at - sent,
  );
  check.equal('how the guest ended', exit.shutdown, how.shutdown);

  const disk = await readDistroDisk(environment, vm);
  check.that('the file system is clean', disk.clean, 'clean', disk.report);
  const reversed = [...names].reverse();
  check.equal('order in which the services stopped', await disk.lines('/var/lib/stopped'), reversed);
  const { lines: journal } = await disk.journal('--output=cat');
  const said = journal.flatMap((line) => /^(\S+) is stopping$/.exec(line)?.[1] ?? []);
  check.equal('and in the journal', said, reversed);
  const end = journal.slice(journal.indexOf(`${reversed.at(-1)} is stopping`));
  check.that(
    'the journal goes on to the end',
    end.some((line) => line.includes(`Reached target ${how.target}`)),
    `${how.target} reached after the services`,
    end,
  );
  const { lines: header } = await disk.journal('--header');
  const states = header.filter((line) => line.startsWith('State: '));
  check.equal('states of its files', [...new Set(states)], ['State: OFFLINE']);
  const verified = await disk.journal('--verify', '--quiet');
  check.that(
    'the journal is sound',
    verified.status === 0,
    'status 0 of journalctl --verify',
    verified.lines,
  );
};

scenario('distro-stop', { guest: 'distro' }, async (scene) => {
  const { check, vm, device } = scene;
  await goesDown(scene, 2, () => device.host.stop(), { shutdown: 'guest-reset', target: 'reboot.target' });
  check.equal('what vmd would have ended it for', vm.kill()?.reason, 'guest-exit');
});

scenario('distro-shutdown', { guest: 'distro' }, async (scene) => {
  await goesDown(scene, 1, () => scene.device.host.command('SHUTDOWN'), {
    shutdown: 'guest-shutdown',
    target: 'poweroff.target',
  });
});
