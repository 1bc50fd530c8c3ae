// The requirements on a driver that is removed, comes back or loses its device.

import type { Requirement } from './requirement.js';

export const lifeRequirements = {
  'leaves-nothing': {
    sentence: 'An unloaded driver has released all its resources.',
    level: 'should',
    otherwise: 'A leftover interrupt, timer or work item runs unloaded code, and the guest crashes.',
    remedy: 'Undo in remove, and on each error path, everything that probe has done.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'silent-when-gone': {
    sentence: 'An unbound driver does not access the device any more.',
    level: 'must',
    otherwise: 'Unloaded code runs, and the guest crashes.',
    remedy: 'Cancel timers and work with the waiting variants before remove returns.',
    source: 'Linux kernel/workqueue.c (cancel_delayed_work_sync)',
  },
  'resets-device': {
    sentence: 'An unbound driver leaves the device reset: status 0, features 0.',
    level: 'may',
    otherwise:
      'If DRIVER_OK stays set, vmd sends commands that no driver answers. It ignores the rest of the reset.',
    remedy: 'Reset the device in remove.',
    source: 'virtio 1.2, 2.4; vmd virtio.c, which does not reset on status 0',
  },
  'drops-driver-ok': {
    sentence: 'An unbound driver has cleared DRIVER_OK.',
    level: 'should',
    otherwise: 'vmd asks a driver that does not exist any more: it waits 3 s and then ends the VM.',
    remedy: 'Reset the device in remove.',
    source: 'vmd virtio.c (vmmci_ctl)',
  },
  'undoes-failures': {
    sentence:
      'When the kernel refuses a call, the driver undoes what it has done, passes the error on, and works the next time.',
    level: 'should',
    otherwise: 'A guest that was short of memory for a moment crashes, or has no driver until it is booted.',
    remedy: 'Check what each call returns, and undo in the opposite order.',
    source: 'Linux Documentation/process/coding-style.rst, 7 (centralized exiting)',
  },
  'serves-virtio': {
    sentence:
      'The virtio transport reads and writes fields of each width at each offset, and offers a driver no queues.',
    level: 'may',
    otherwise: 'A virtio driver that asks for more than this one does reads garbage.',
    remedy: 'Implement each operation of struct virtio_config_ops as its comment says.',
    source: 'Linux include/linux/virtio_config.h',
  },
  'comes-back': {
    sentence: 'After it is bound, plugged in or loaded again, the driver works as it did the first time.',
    level: 'should',
    otherwise: 'An update of the driver needs a reboot of the guest.',
    remedy: 'Keep no state of a device outside of the device.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'restores-after-sleep': {
    sentence:
      'After a suspend of the guest the driver restores features and status, and commands work as before.',
    level: 'must',
    otherwise: 'vmd assumes that the guest has no driver: a stop ends the VM at once.',
    remedy: 'Negotiate again on resume, as virtio_device_freeze() and virtio_device_restore() do.',
    source: 'Linux drivers/virtio/virtio.c; vmd virtio.c (a device that was reset is cold)',
  },
  'survives-removal': {
    sentence:
      'The driver takes no time, command or interrupt from a removed device, which reads as all ones.',
    level: 'should',
    otherwise: 'The guest acts on a command that the host did not send.',
    remedy: 'Treat all ones as an absent device at each read.',
    source: 'PCI Local Bus 3.0, 3.7.4.1 (master abort); Linux Documentation/PCI/pci-error-recovery.rst',
  },
  'refuses-absent-device': {
    sentence:
      'The driver does not bind to a device that reads as all ones, nor take an ISR of all ones for its interrupt.',
    level: 'may',
    otherwise: 'The guest shows a device that does not exist, or claims an interrupt of another device.',
    remedy: 'Return ENODEV from probe where the command reads as all ones, and IRQ_NONE where the ISR does.',
    source: 'PCI Local Bus 3.0, 3.7.4.1 (master abort)',
  },
  'keeps-devices-apart': {
    sentence: 'With two functions in one guest, each has its own clock and its own commands.',
    level: 'should',
    otherwise: 'A command for one function is acknowledged through the other.',
    remedy: 'Keep state for each device, not in static variables.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'keeps-transcript': {
    sentence: 'The accesses to the registers are those of the transcript stored beside the driver.',
    level: 'should',
    otherwise: 'A change of the driver has changed what the host sees, perhaps unintentionally.',
    remedy: 'Look at the difference; if it is intended, store the new transcript: vmmci transcript --update.',
    source: 'transcript.txt beside the driver',
  },
} as const satisfies Record<string, Requirement>;
