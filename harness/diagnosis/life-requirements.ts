// What a driver owes when it goes, comes back, or is refused something.

import type { Requirement } from './requirement.js';

export const lifeRequirements = {
  'leaves-nothing': {
    sentence: 'A driver that is unloaded has given back all that it took.',
    level: 'should',
    otherwise:
      'An interrupt, a timer or a work item that is left runs code that is gone, and the guest crashes.',
    remedy: 'Undo in remove, and on each error path, all that probe has done.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'silent-when-gone': {
    sentence: 'A driver that is unbound does not access the device any more.',
    level: 'must',
    otherwise: 'Code that is gone runs, and the guest crashes.',
    remedy: 'Cancel timers and work with the waiting variants before remove returns.',
    source: 'Linux kernel/workqueue.c (cancel_delayed_work_sync)',
  },
  'resets-device': {
    sentence: 'A driver that is unbound leaves the device reset: status 0, features 0.',
    level: 'may',
    otherwise: 'vmd ignores the reset; without DRIVER_OK cleared it sends commands that nobody answers.',
    remedy: 'Reset the device in remove.',
    source: 'virtio 1.2, 2.4; vmd virtio.c, which does not reset on status 0',
  },
  'drops-driver-ok': {
    sentence: 'A driver that is unbound takes DRIVER_OK back.',
    level: 'should',
    otherwise: 'vmd asks a driver that is gone: a stop takes 3 s longer and ends the VM then.',
    remedy: 'Reset the device in remove.',
    source: 'vmd virtio.c (vmmci_ctl)',
  },
  'comes-back': {
    sentence: 'Bound, plugged in or loaded again, the driver works as the first time.',
    level: 'should',
    otherwise: 'The guest has to be booted for an update of the driver.',
    remedy: 'Keep no state of a device outside of the device.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'restores-after-sleep': {
    sentence: 'After a suspend of the guest, features, status and commands are as before.',
    level: 'must',
    otherwise: 'vmd takes the guest for one without a driver: a stop ends the VM at once.',
    remedy: 'Negotiate again on resume: virtio_device_freeze() and virtio_device_restore() do.',
    source: 'Linux drivers/virtio/virtio.c; vmd virtio.c (a device that was reset is cold)',
  },
  'survives-removal': {
    sentence: 'A device that is gone and reads as all ones gives no time, no command and no interrupt.',
    level: 'should',
    otherwise: 'The guest acts on a command that nobody sent.',
    remedy: 'Take all ones for an absent device at each read.',
    source: 'PCI Local Bus 3.0, 3.7.4.1 (master abort); Linux Documentation/PCI/pci-error-recovery.rst',
  },
  'refuses-absent-device': {
    sentence: 'A device whose command register reads as all ones is not bound.',
    level: 'may',
    otherwise: 'The guest shows a device that is not there. Nothing else follows from it.',
    remedy: 'Read the command in probe, and return -ENODEV for all ones.',
    source: 'PCI Local Bus 3.0, 3.7.4.1 (master abort)',
  },
  'keeps-devices-apart': {
    sentence: 'Two functions in one guest have a clock and commands of their own each.',
    level: 'should',
    otherwise: 'A command for one is acknowledged through the other.',
    remedy: 'Keep state for each device, not in static variables.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'keeps-transcript': {
    sentence: 'The accesses to the registers are those that are stored beside the driver.',
    level: 'should',
    otherwise: 'A change of the driver has changed what a host sees, perhaps without anybody wanting it.',
    remedy: 'Compare the difference; if it is meant, store the new transcript: vmmci transcript --update.',
    source: 'transcript.txt beside the driver',
  },
} as const satisfies Record<string, Requirement>;
