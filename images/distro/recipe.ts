// The contents of the distribution guest. Its tree is named by a hash of this recipe, so a change makes a new
// one.

import { createHash } from 'node:crypto';
import type { DebianRecipe } from '../toolroot/bootstrap.js';
import { sourceDateEpoch } from '../toolroot/recipe.js';

/** Increase it when the way the tree is made changes and the rest of the recipe does not show that. */
const generation = 1;

/** Packages, each with its purpose: fewer than on a server, but all that affect a driver. */
const packages = {
  systemd: 'init, journal, timedated, modules-load',
  'systemd-sysv': '/sbin/init, and /sbin/reboot and /sbin/poweroff as the kernel starts them',
  udev: 'loads modules by alias',
  dbus: 'timedatectl asks timedated over it',
  chrony: 'disciplines the clock by the PTP clock when a scenario starts it',
  linuxptp: 'phc2sys, the other program that does so',
  kmod: "the distribution's modprobe and depmod",
} as const;

export const debianRecipe: DebianRecipe = {
  suite: 'trixie',
  variant: 'essential',
  packages: Object.keys(packages),
  leftOut: [
    'path-exclude=/usr/share/man/*',
    'path-exclude=/usr/share/locale/*',
    'path-exclude=/usr/share/info/*',
    'path-exclude=/usr/share/doc/*',
    // Names of hardware: half of the image, and never looked up here.
    'path-exclude=/usr/lib/udev/hwdb.d/*',
  ],
  // For unfinished downloads. They belong to root or to apt's own user, depending on whether that user can
  // enter TMPDIR, and apt makes them when it needs them.
  notUnpacked: ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial'],
  extra: [],
};

/**
 * Space in bytes for mmdebstrap in `$TMPDIR`, and for the result in the cache. Measured in 2026-11: 0.2 and
 * 0.3 GB.
 */
export const space = { scratch: 500e6, cache: 700e6 } as const;

/** Links that packages create and `systemctl disable` would remove, relative to the root. */
export const disabled: readonly string[] = [
  // Here the driver sets the guest's clock, unless a scenario starts chrony. chrony and systemd-timesyncd
  // exclude each other (both provide Debian's time-daemon), so only one of them can be installed.
  'etc/systemd/system/multi-user.target.wants/chrony.service',
  'etc/systemd/system/chronyd.service',
  // Nobody logs in, and only the scenario should cause writes.
  'etc/systemd/system/getty.target.wants/getty@tty1.service',
  'etc/systemd/system/timers.target.wants/dpkg-db-backup.timer',
  'etc/systemd/system/timers.target.wants/fstrim.timer',
];

/** Where Debian's DKMS puts modules, relative to the directory of the release. */
export const driverDirectory = 'updates/dkms';

/** Size of the file system in MiB. */
export const diskSize = 1024;

/** The name of the tree of packages. The image made from it has a key of its own. */
export const treeHash: string = createHash('sha256')
  .update(JSON.stringify([generation, sourceDateEpoch, debianRecipe]))
  .digest('hex')
  .slice(0, 12);
