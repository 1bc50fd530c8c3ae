// KVM or TCG: believed only when something has booted. Nested KVM has been seen that opens, runs the firmware and then
// never gets through a kernel, so "it opens" and "the firmware printed" prove nothing.

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../base/cache/directory.js';
import { publish } from '../base/cache/publish.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { systemCode } from '../base/thrown.js';
import type { Qemu } from './find.js';
import { firmware, firmwareExit } from './firmware.js';

export interface AcceleratorChoice {
  name: 'kvm' | 'tcg';
  /** Why, in words for a report. */
  reason: string;
}

/** What the choice is made from; each is asked only if the one before it did not settle the matter. */
export interface KvmEvidence {
  /** Undefined when /dev/kvm opens for reading and writing, else the reason. */
  open(): Promise<string | undefined>;
  /** Content of /proc/cpuinfo. */
  cpuinfo(): Promise<string>;
  /** Undefined when the probe firmware ran to its end in time, else the reason. */
  boot(): Promise<string | undefined>;
}

/** Milliseconds for 100 million iterations; KVM on hardware needs a tenth of that, TCG a third. */
const bootLimit = 2000;

export const chooseAccelerator = async (evidence: KvmEvidence): Promise<AcceleratorChoice> => {
  const tcg = (reason: string): AcceleratorChoice => ({ name: 'tcg', reason });
  const closed = await evidence.open();
  if (closed !== undefined) return tcg(`/dev/kvm does not open: ${closed}`);
  if (!/^flags\s*:.*\b(vmx|svm)\b/m.test(await evidence.cpuinfo())) {
    return tcg('/dev/kvm opens, but the CPU has neither vmx nor svm');
  }
  const failure = await evidence.boot();
  if (failure !== undefined) return tcg(`/dev/kvm opens, but the probe did not boot under it: ${failure}`);
  return { name: 'kvm', reason: 'the probe booted under KVM' };
};

const openKvm = async (): Promise<string | undefined> => {
  try {
    await (await open('/dev/kvm', 'r+')).close();
    return undefined;
  } catch (error) {
    return systemCode(error) ?? String(error);
  }
};

/** Boots the probe firmware; undefined when it got to its end, else what happened. Any accelerator's arguments may be given. */
export const bootFirmware = async (qemu: Qemu, accel: readonly string[]): Promise<string | undefined> => {
  const directory = temporaryDirectory().path;
  try {
    const image = join(directory, 'probe.bin');
    await writeFile(image, firmware());
    const { file, args } = qemu.command(
      [
        ...['-machine', 'pc', ...accel, '-m', '16', '-nodefaults', '-no-user-config', '-display', 'none'],
        ...['-bios', image, '-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'],
      ],
      [{ path: directory }],
    );
    const result = await execa(file, args, {
      reject: false,
      stdin: 'ignore',
      timeout: bootLimit,
      killSignal: 'SIGKILL',
    });
    if (result.exitCode === firmwareExit) return undefined;
    if (result.timedOut) return `not finished after ${bootLimit} ms`;
    return `exit status ${result.exitCode}${result.stderr ? `: ${result.stderr}` : ''}`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

// A verdict holds for one boot of the host and one QEMU; the two cheap questions are asked every time.
const remembered = async (qemu: Qemu): Promise<string | undefined> => {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const key = createHash('sha256')
    .update(`${bootId}\n${qemu.path}\n${qemu.build}`)
    .digest('hex')
    .slice(0, 16);
  const target = join(cacheDirectory(), 'accelerator', `${key}.json`);
  await mkdir(dirname(target), { recursive: true });
  await publish(target, async (temporary) => {
    const failure = await bootFirmware(qemu, ['-accel', 'kvm', '-cpu', 'host']);
    await writeFile(temporary, JSON.stringify({ failure: failure ?? null }));
  });
  const { failure } = JSON.parse(await readFile(target, 'utf8')) as { failure: string | null };
  return failure ?? undefined;
};

/** KVM if a machine has booted under it on this host, else TCG, and why. */
export const probeAccelerator = (qemu: Qemu): Promise<AcceleratorChoice> =>
  chooseAccelerator({
    open: openKvm,
    cpuinfo: () => readFile('/proc/cpuinfo', 'utf8'),
    boot: () => remembered(qemu),
  });
