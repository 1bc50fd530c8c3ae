// Checks a kernel's configuration: what a guest kernel must have, and what prevents it from loading modules.

import type { Architecture } from '../packages/architecture.js';

interface Need {
  readonly option: string;
  readonly why: string;
  /** The option must be `y`: a module would be loaded too late. */
  readonly builtin?: true;
}

const needs: readonly Need[] = [
  { option: 'X86', why: 'guests are x86 machines', builtin: true },
  { option: 'MODULES', why: 'the driver is a module', builtin: true },
  { option: 'MODULE_UNLOAD', why: 'the driver is unloaded', builtin: true },
  { option: 'PCI', why: 'the device is a PCI function', builtin: true },
  { option: 'HOTPLUG_PCI_ACPI', why: 'the function is plugged in', builtin: true },
  { option: 'SERIAL_8250_CONSOLE', why: 'the kernel log is read from ttyS0', builtin: true },
  { option: 'BLK_DEV_INITRD', why: 'the guest lives in an initramfs', builtin: true },
  { option: 'DEVTMPFS', why: 'its init mounts /dev', builtin: true },
  { option: 'PROC_FS', why: 'its init mounts /proc', builtin: true },
  { option: 'SYSFS', why: 'its init mounts /sys', builtin: true },
  { option: 'BINFMT_ELF', why: 'its programs are ELF', builtin: true },
  { option: 'BINFMT_SCRIPT', why: 'its init is a script', builtin: true },
  { option: 'VIRTIO_PCI', why: 'its disks are virtio' },
  { option: 'VIRTIO_BLK', why: 'its disks are virtio' },
  { option: 'EXT4_FS', why: 'one of its disks holds an ext4' },
];

/** QEMU can start an uncompressed image only through its PVH note. */
const pvh: Need = { option: 'PVH', why: 'an uncompressed vmlinux is started through it', builtin: true };

/** `CONFIG_PCI=y (the device is a PCI function)` for each required option that the configuration lacks. */
export const missingOptions = (config: string, image: 'bzImage' | 'vmlinux'): string[] => {
  const set = new Map(
    [...config.matchAll(/^CONFIG_(\w+)=(\S+)$/gm)].map(([, name = '', value]) => [name, value]),
  );
  return [...needs, ...(image === 'vmlinux' ? [pvh] : [])]
    .filter(({ option, builtin }) => {
      const value = set.get(option);
      return value !== 'y' && (builtin === true || value !== 'm');
    })
    .map(({ option, why, builtin }) => `CONFIG_${option}=${builtin ? 'y' : 'y or m'} (${why})`);
};

interface Obstacle {
  readonly pattern: RegExp;
  readonly why: string;
}

/** Settings with which the kernel refuses modules that are built here, or their build fails. */
const obstacles: readonly Obstacle[] = [
  { pattern: /^CONFIG_MODULE_SIG_FORCE=y$/m, why: 'it loads signed modules only' },
  {
    pattern: /^CONFIG_LOCK_DOWN_KERNEL_FORCE_(INTEGRITY|CONFIDENTIALITY)=y$/m,
    why: 'it is locked down and loads signed modules only',
  },
  {
    pattern: /^CONFIG_CMDLINE="[^"\n]*\bmodule\.sig_enforce(=1|=y|\b(?!=))[^"\n]*"$/m,
    why: 'its built-in command line makes it load signed modules only',
  },
  {
    pattern: /^CONFIG_CMDLINE="[^"\n]*\blockdown=(integrity|confidentiality)\b[^"\n]*"$/m,
    why: 'its built-in command line locks it down, so it loads signed modules only',
  },
  { pattern: /^CONFIG_CC_IS_CLANG=y$/m, why: 'it was compiled with clang, and its modules must be, too' },
];

/**
 * `it loads signed modules only (CONFIG_MODULE_SIG_FORCE=y)` for each reason why the kernel cannot load our
 * modules.
 */
export const obstaclesIn = (config: string): string[] =>
  obstacles.flatMap(({ pattern, why }) => {
    const line = pattern.exec(config)?.[0];
    return line === undefined ? [] : [`${why} (${line})`];
  });

/** The architecture of an x86 kernel. */
export const architectureIn = (config: string): Architecture =>
  /^CONFIG_X86_64=y$/m.test(config) ? 'amd64' : 'i386';
