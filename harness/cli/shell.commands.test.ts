// `vmmci shell` with a real terminal and real guests.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { asset } from '../../images/asset.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { type PseudoTerminal, startInTerminal } from '../testing/pseudo-terminal.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(1_200_000);

/** A directory for temporary files, which is in the command lines of everything that a shell starts. */
const setUp = async (t: Test): Promise<string> => {
  const temporary = await mkdtemp(join(tmpdir(), 'shell-'));
  t.teardown(() => rm(temporary, { recursive: true, force: true }));
  return temporary;
};

const shell = (temporary: string, ...words: string[]): Promise<PseudoTerminal> =>
  startInTerminal([process.execPath, main, 'shell', ...words], { TMPDIR: temporary });

/** Command lines of processes that name the directory. */
const processesIn = (directory: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(directory) ? [line] : [];
      } catch {
        return []; // it has just ended
      }
    });

/** The process that made a private directory: the name has its id. */
const ownerOf = (control: string): number =>
  Number.parseInt(/vmmci-\w+-(\w+)-\w+\/[^/]+$/.exec(control)?.[1] ?? '', 36);

const nothingStays = async (t: Test, temporary: string): Promise<void> => {
  t.strictSame(await readdir(temporary), [], 'no directory stays');
  t.strictSame(processesIn(temporary), [], 'no process stays');
};

t.test('--run gives status, output and errors of the command, which reads standard input', async (t) => {
  const temporary = await setUp(t);
  const line = 'tr a-z A-Z; ls /driver/Kbuild; lsmod | grep -c vmmci; tty; echo bad >&2; exit 7';
  const { stdout, stderr, exitCode } = await execa(process.execPath, [main, 'shell', '--run', line], {
    env: { TMPDIR: temporary },
    input: 'text\n',
    reject: false,
  });
  t.equal(exitCode, 7);
  t.equal(stdout, 'TEXT\n/driver/Kbuild\n1\nnot a tty');
  t.match(stderr, /^bad$/m);
  await nothingStays(t, temporary);
});

t.test('large outputs arrive complete, in order, and not over the serial port', async (t) => {
  const temporary = await setUp(t);
  const count = "sed -n 's/^2:.* tx:\\([0-9]*\\).*/\\1/p' /proc/tty/driver/serial";
  const line = `before=$(${count}); seq 400000; seq 300000 >&2; echo $(($(${count}) - before))`;
  const words = [main, 'shell', '--run', line];
  const { stdout, stderr } = await execa(process.execPath, words, { env: { TMPDIR: temporary } });
  const numbers = (last: number): string => Array.from({ length: last }, (_, index) => index + 1).join('\n');
  const [, output, sent] = /^(.*)\n(\d+)$/s.exec(stdout) ?? [];
  t.ok(output === numbers(400_000), 'standard output');
  t.ok(`\n${stderr}`.endsWith(`\n${numbers(300_000)}`), 'standard error');
  t.ok(
    Number(sent) < (stdout.length + stderr.length) / 10,
    `${sent} of ${stdout.length + stderr.length} bytes went over the serial port`,
  );
  await nothingStays(t, temporary);
});

t.test('a terminal in the guest: keys, signals, size, the host side, a second terminal', async (t) => {
  const temporary = await setUp(t);
  const terminal = await shell(temporary);
  const before = await terminal.settings();
  const [, control = ''] = await terminal.shown(/vmmci ctl --control (\S+) stop/);
  await terminal.shown(/Ctrl-\] q leaves/);
  await terminal.shown(/guest:\/driver# /);
  t.not(await terminal.settings(), before, 'the terminal is raw');

  terminal.type('ls; stty size; cat /sys/bus/virtio/drivers/virtio_vmmci/virtio*/last_command\r');
  await terminal.shown(/Kbuild.*\r\n24 80\r\nNONE\r\n/s);
  terminal.type('(trap "stty size" WINCH; echo "loo""ping"; while :; do sleep 0.1; done)\r');
  await terminal.shown(/looping\r\n/);
  await terminal.resize(33, 111);
  await terminal.shown(/33 111\r\n/);
  terminal.type('\x03');
  await terminal.shown(/\^C.*guest:\/driver# /s);
  terminal.type('echo "star""ting"; sleep 1000\r');
  await terminal.shown(/starting\r\n/);
  terminal.type('\x1a');
  await terminal.shown(/Stopped.*guest:\/driver# /s);
  terminal.type('kill %1; jobs\r');

  const second = await startInTerminal([process.execPath, main, 'shell', '--attach'], { TMPDIR: temporary });
  await second.shown(/the guest keeps running.*guest:\/driver# /s);
  second.type('tty; echo second >/tmp/second\r');
  await second.shown(/\/dev\/pts\/1\r\n/);
  second.type('exit 4\r');
  await second.shown(/ended 4/);
  second.type('\n');
  t.equal(await second.end, 4);
  terminal.type('cat /tmp/second\r');
  await terminal.shown(/\r\nsecond\r\n/);

  terminal.type('\x1d:');
  await terminal.shown(/vmmci> /);
  terminal.type('commanx\x7fd SYNCRTC\r');
  await terminal.shown(/\{"result":"sent"\}/);
  terminal.type('\x1d:nonsense\r');
  await terminal.shown(/actions: state, stop, /);
  terminal.type('cat /sys/bus/virtio/drivers/virtio_vmmci/virtio*/last_command\r');
  await terminal.shown(/\r\nSYNCRTC\r\n/);
  const { stdout } = await execa(process.execPath, [main, 'ctl', '--control', control, 'state']);
  t.match(JSON.parse(stdout), { stopping: false, paused: false });

  terminal.type('\x1dq');
  await terminal.shown(/left the guest/);
  await terminal.shown(/ended 0/);
  t.equal(await terminal.settings(), before.replace('rows 24; columns 80', 'rows 33; columns 111'));
  await nothingStays(t, temporary);
  terminal.type('\n');
  t.equal(await terminal.end, 0);
});

t.test('the guest goes down as the host asks, and the shell ends with it', async (t) => {
  const temporary = await setUp(t);
  const terminal = await shell(temporary);
  await terminal.shown(/guest:\/driver# /);
  terminal.type('\x1ds');
  await terminal.shown(/the guest is gone \(guest-reset\)/);
  await terminal.shown(/ended 0/);
  await nothingStays(t, temporary);
  terminal.type('\n');
  await terminal.end;
});

for (const [command, reason] of [
  ['poweroff', 'guest-shutdown'],
  ['halt', 'guest-shutdown'],
  ['reboot', 'guest-reset'],
] as const)
  t.test(`${command} in the guest ends it`, async (t) => {
    const temporary = await setUp(t);
    const terminal = await shell(temporary);
    await terminal.shown(/guest:\/driver# /);
    terminal.type(`${command}\r`);
    await terminal.shown(new RegExp(`the guest is gone \\(${reason}\\)`));
    await terminal.shown(/ended 0/);
    await nothingStays(t, temporary);
    terminal.type('\n');
    await terminal.end;
  });

for (const [signal, status] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  t.test(`${signal} gives the terminal back and leaves nothing`, async (t) => {
    const temporary = await setUp(t);
    const terminal = await shell(temporary);
    const before = await terminal.settings();
    const [, control = ''] = await terminal.shown(/vmmci ctl --control (\S+) stop/);
    await terminal.shown(/guest:\/driver# /);
    process.kill(ownerOf(control), signal);
    await terminal.shown(new RegExp(`ended ${status}`));
    t.equal(await terminal.settings(), before);
    await nothingStays(t, temporary);
    terminal.type('\n');
    await terminal.end;
  });

t.test('a signal while the guest starts ends --run before its command', async (t) => {
  const temporary = await setUp(t);
  const child = execa(process.execPath, [main, 'shell', '--run', 'echo ran'], {
    env: { TMPDIR: temporary },
    reject: false,
  });
  for await (const { filename } of watch(temporary, { recursive: true }))
    if (filename?.endsWith('/sockets')) break;
  child.kill('SIGHUP');
  t.match(await child, { exitCode: 129, stdout: '', stderr: /^interrupted by SIGHUP$/m });
  await nothingStays(t, temporary);
});

t.test('a signal while the command of --run runs is named', async (t) => {
  const temporary = await setUp(t);
  const child = execa(process.execPath, [main, 'shell', '--run', 'echo ran; exec sleep 1000'], {
    env: { TMPDIR: temporary },
    reject: false,
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  t.match(await child, { exitCode: 143, stdout: 'ran', stderr: /^interrupted by SIGTERM$/m });
  await nothingStays(t, temporary);
});

t.test('without a terminal only --run works', async (t) => {
  const { stderr, exitCode } = await execa(process.execPath, [main, 'shell'], {
    input: '',
    reject: false,
  });
  t.equal(exitCode, 2);
  t.match(stderr, /without --run: expected a terminal as standard input and output/);
  const attach = await execa(process.execPath, [main, 'shell', '--attach', '--run', 'true'], {
    env: { TMPDIR: await setUp(t) },
    reject: false,
  });
  t.equal(attach.exitCode, 2);
  t.match(attach.stderr, /no shell of this user is running \(in .*\); start one with vmmci shell/);
});

t.test('--attach takes no option of a guest of its own', async (t) => {
  const cases = [
    ['--gdb'],
    ['--unloaded'],
    ['--kernel', '6.1-cloud'],
    ['--cpus', '1'],
    ['--clock', 'running'],
  ];
  for (const [name = '', ...words] of cases) {
    const { stderr, exitCode } = await execa(
      process.execPath,
      [main, 'shell', '--attach', '--run', 'true', name, ...words],
      { reject: false },
    );
    t.equal(exitCode, 2);
    t.match(stderr, `${name}: expected a guest of its own, so no --attach`);
  }
});

/** A copy of the bundled driver with one change. */
const brokenDriver = async (directory: string, from: string, to: string): Promise<string> => {
  const driver = join(directory, 'broken-driver');
  await cp(asset('driver'), driver, { recursive: true });
  const source = join(driver, 'vmmci_sysfs.c');
  const text = await readFile(source, 'utf8');
  await writeFile(source, text.replace(from, to));
  return driver;
};

t.test('gdb stops in a function of the driver, and knows those of the kernel', async (t) => {
  const temporary = await setUp(t);
  const terminal = await shell(temporary, '--gdb');
  const [, program = ''] = await terminal.shown(/gdb with kernel and driver: (\S+)/);
  await terminal.shown(/guest:\/driver# /);
  terminal.type('while :; do cat /sys/bus/virtio/drivers/virtio_vmmci/virtio*/host_time; done\r');
  const commands = [
    'break host_time_show',
    'continue',
    'backtrace',
    'info registers rip',
    'delete',
    'detach',
  ];
  const { stdout } = await execa(program, ['-batch', ...commands.flatMap((line) => ['-ex', line])]);
  t.match(stdout, /Breakpoint 1, host_time_show \(dev=0x[0-9a-f]+, .*\) at .*vmmci_sysfs\.c:\d+/);
  t.match(stdout, /#1 .* in dev_attr_show \(\)/);
  t.match(stdout, /rip +0x[0-9a-f]+ .*<host_time_show/);
  await terminal.shown(/\d{10}\.\d{6}\r\n/);
  terminal.type('\x1dq');
  await terminal.shown(/ended 0/);
  await nothingStays(t, temporary);
  terminal.type('\n');
  await terminal.end;
});

t.test('reproduce.sh --shell ends in the guest of the failed check', async (t) => {
  const temporary = await setUp(t);
  const cwd = await mkdtemp(join(tmpdir(), 'shell-cwd-'));
  t.teardown(() => rm(cwd, { recursive: true, force: true }));
  const driver = await brokenDriver(cwd, '"%u.%06u\\n", sample.seconds', '"%u.%06u\\n", 1 + sample.seconds');
  const first = [main, 'test', '--driver', driver, '--output', join(cwd, 'first'), 'clock-driver'];
  t.equal((await execa(process.execPath, first, { reject: false })).exitCode, 1);
  const again = join(cwd, 'first/6.12-cloud/clock-driver/reproduce.sh');
  const words = [again, '--shell', '--output', join(cwd, 'second')];
  const terminal = await startInTerminal(words, { TMPDIR: temporary });
  await terminal.shown(/the guest is as it was at the failed check/);
  await terminal.shown(/guest:~# /);
  terminal.type('lsmod | grep -c vmmci; cat /sys/bus/virtio/drivers/virtio_vmmci/virtio*/last_command\r');
  await terminal.shown(/\r\n1\r\nNONE\r\n/);
  terminal.type('\x1dq');
  await terminal.shown(/left the guest.*clock-driver +failed/is);
  await terminal.shown(/ended 1/);
  await nothingStays(t, temporary);
  terminal.type('\n');
  await terminal.end;
});

t.test('a panic leaves the registers of all CPUs and a dump that drgn opens', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'shell-cwd-'));
  t.teardown(() => rm(cwd, { recursive: true, force: true }));
  const driver = await brokenDriver(
    cwd,
    'return sysfs_emit(buf, "%u.%06u\\n", sample.seconds',
    '*(volatile int *)8 = 1; return sysfs_emit(buf, "%u.%06u\\n", sample.seconds',
  );
  const words = [
    main,
    'test',
    '--driver',
    driver,
    '--dump',
    '--output',
    join(cwd, 'run'),
    '--exact',
    'clock-driver',
  ];
  const { exitCode, stdout } = await execa(process.execPath, words, { reject: false });
  t.equal(exitCode, 1, stdout);
  const directory = join(cwd, 'run/6.12-cloud/clock-driver');
  t.match(
    await readFile(join(directory, 'registers.txt'), 'utf8'),
    /CPU#0\nRAX=[0-9a-f]{16} .*RIP=[0-9a-f]{16} /s,
  );
  const script = join(directory, 'release.py');
  await writeFile(script, 'print(prog["UTS_RELEASE"].string_().decode())\n');
  const root = await ensureToolRoot();
  const drgn = await runInToolRoot(
    root,
    ['drgn', '-q', '--no-default-symbols', '-c', join(directory, 'vmcore'), script],
    { binds: [{ path: directory }] },
  );
  const { kernel } = JSON.parse(await readFile(join(directory, 'result.json'), 'utf8'));
  t.equal(drgn.stdout, kernel);
});
