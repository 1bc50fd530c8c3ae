// Chooses KVM or TCG. KVM counts as usable only after something has booted under it: on some hosts nested KVM
// opens and runs the firmware but never boots a kernel.

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import * as v from 'valibot';
import { cacheDirectory } from '../base/cache/directory.js';
import { publish } from '../base/cache/publish.js';
import { readCacheFile } from '../base/cache/read-file.js';
import { removeTree } from '../base/cache/remove-tree.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { systemCode } from '../base/thrown.js';
import type { Qemu } from './find.js';
import { firmware, firmwareExit } from './firmware.js';

export interface AcceleratorChoice {
  name: 'kvm' | 'tcg';
  /** The reason, as reports print it. */
  reason: string;
}

/** What the choice is based on. Each function is called only if the ones before it did not decide. */
export interface KvmEvidence {
  /** Undefined if /dev/kvm opens for reading and writing; otherwise the reason. */
  open(): Promise<string | undefined>;
  /** The content of /proc/cpuinfo. */
  cpuinfo(): Promise<string>;
  /** Undefined if the probe firmware finished in time; otherwise the reason. */
  boot(): Promise<string | undefined>;
}

/** The time limit for 100 million iterations in ms. KVM on hardware needs a tenth of that, TCG a third. */
const bootTimeout = 2000;

export const chooseAccelerator = async (evidence: KvmEvidence): Promise<AcceleratorChoice> => {
  const tcg = (reason: string): AcceleratorChoice => ({ name: 'tcg', reason });
  const openFailure = await evidence.open();
  if (openFailure !== undefined) return tcg(`/dev/kvm does not open: ${openFailure}`);
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

/**
 * Boots the probe firmware with the arguments of any accelerator. Returns undefined if it finished, otherwise
 * what happened.
 */
const bootFirmware = async (qemu: Qemu, accel: readonly string[]): Promise<string | undefined> => {
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
      timeout: bootTimeout,
      killSignal: 'SIGKILL',
    });
    if (result.exitCode === firmwareExit) return undefined;
    if (result.timedOut) return `not finished after ${bootTimeout} ms`;
    return `exit status ${result.exitCode}${result.stderr ? `: ${result.stderr}` : ''}`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** The cached result of a boot: null if it succeeded, otherwise the reason. */
const bootSchema = v.object({ failure: v.nullable(v.string()) });

/**
 * The result of the boot is valid for one boot of the host and one QEMU, so it is cached. The two cheap
 * checks run every time.
 */
const cachedBoot = async (qemu: Qemu): Promise<string | undefined> => {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const key = createHash('sha256')
    .update(`${bootId}\n${qemu.path}\n${qemu.build}`)
    .digest('hex')
    .slice(0, 16);
  const target = join(cacheDirectory(), 'accelerator', `${key}.json`);
  await mkdir(dirname(target), { recursive: true });
  const read = () => readCacheFile(target, bootSchema);
  // A damaged file is made again.
  if ((await read()) === undefined) await removeTree(target);
  await publish(target, async (temporary) => {
    const failure = await bootFirmware(qemu, ['-accel', 'kvm', '-cpu', 'host']);
    await writeFile(temporary, JSON.stringify({ failure: failure ?? null }));
  });
  const { failure } = (await read()) ?? { failure: `${target} cannot be read back` };
  return failure ?? undefined;
};

/** KVM if a machine has booted under it on this host, otherwise TCG, with the reason. */
export const probeAccelerator = (qemu: Qemu): Promise<AcceleratorChoice> =>
  chooseAccelerator({
    open: openKvm,
    cpuinfo: () => readFile('/proc/cpuinfo', 'utf8'),
    boot: () => cachedBoot(qemu),
  });
