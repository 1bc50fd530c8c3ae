// What the distribution guest is made of. A change here makes a new one: it is named by a hash of all this.

import { createHash } from 'node:crypto';
import type { DebianRecipe } from '../toolroot/bootstrap.js';
import { sourceDateEpoch } from '../toolroot/recipe.js';

/** Raise it when the way the image is made changes in a manner that the rest of the recipe does not show. */
export const generation = 1;

/** Package, and why it is there: not as many as on a server, but all of what a driver meets there. */
const packages = {
  systemd: 'init, journal, timedated, modules-load',
  'systemd-sysv': '/sbin/init, and /sbin/reboot and /sbin/poweroff as the kernel starts them',
  udev: 'loads modules by alias',
  dbus: 'timedatectl asks timedated over it',
  'systemd-timesyncd': 'there, so that it can be off',
  kmod: 'modprobe and depmod of a distribution',
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
    // Names of all hardware there is: half of the image, and nothing here asks for one.
    'path-exclude=/usr/lib/udev/hwdb.d/*',
  ],
  extra: [],
};

/** What mmdebstrap needs in `$TMPDIR`, and what stays in the cache, in bytes: 0.2 GB and 0.3 GB with the packages of 2026-11. */
export const space = { scratch: 500e6, cache: 700e6 } as const;

/** Links that packages make and `systemctl disable` would remove, by path from the root. */
export const disabled: readonly string[] = [
  // The guest's clock is the driver's business here.
  'etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service',
  'etc/systemd/system/dbus-org.freedesktop.timesync1.service',
  // Nobody logs in, and nothing but the scenario writes.
  'etc/systemd/system/getty.target.wants/getty@tty1.service',
  'etc/systemd/system/timers.target.wants/dpkg-db-backup.timer',
  'etc/systemd/system/timers.target.wants/fstrim.timer',
];

/** Where DKMS of Debian puts modules, below the directory of the release. */
export const driverDirectory = 'updates/dkms';

/** MiB of the file system. */
export const diskSize = 1024;

/** Names the tree of packages; what is put into it later has a key of its own. */
export const treeHash: string = createHash('sha256')
  .update(JSON.stringify([generation, sourceDateEpoch, debianRecipe]))
  .digest('hex')
  .slice(0, 12);
