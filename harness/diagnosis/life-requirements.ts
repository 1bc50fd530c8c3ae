// The requirements on a driver that is removed, comes back or loses its device.

import type { Requirement } from './requirement.js';

export const lifeRequirements = {
  'leaves-nothing': {
    sentence: 'An unloaded driver has released all its resources.',
    level: 'should',
    otherwise: 'A leftover interrupt, timer or work item runs unloaded code, and the guest crashes.',
    remedy: 'In remove, and on each error path of probe, undo everything that probe has done.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'silent-when-gone': {
    sentence: 'An unbound driver does not access the device any more.',
    level: 'must',
    otherwise: 'The kernel runs code that is unloaded, and the guest crashes.',
    remedy:
      'Cancel timers and work with cancel_delayed_work_sync() or timer_delete_sync() before remove returns.',
    source: 'Linux kernel/workqueue.c (cancel_delayed_work_sync)',
  },
  'looks-before-removal': {
    sentence: 'A driver that is removed reads the command a last time, and handles it.',
    level: 'may',
    otherwise:
      'A command that came just before, and whose interrupt the host has lost, is not acknowledged: vmd ends the VM 3 s after a stop.',
    remedy:
      'In remove, after timers are cancelled and before the reset, read the command (BAR0 offset 20) and handle it.',
    source: 'vmd i8259.c until 7.3, which loses an interrupt that is asserted while it is masked',
    to: '7.3',
  },
  // Not a must: vmd sends commands only while DRIVER_OK is set, so this takes a command at the very moment at
  // which somebody removes the driver. No boot and no shutdown of a guest has such a moment.
  'takes-pending-command': {
    sentence: 'A driver that is bound acknowledges a SYNCRTC that was sent to the driver before it.',
    level: 'should',
    otherwise:
      'If a SYNCRTC meets the removal of the driver, vmd sends no other one, and the clock stays wrong until the guest reboots.',
    remedy: 'Read the command (BAR0 offset 20) in probe or right after DRIVER_OK, and handle a 3 (SYNCRTC).',
    source:
      'vmd virtio.c (vmmci_ctl), which sends nothing without DRIVER_OK, and clears only what is acknowledged',
  },
  'resets-device': {
    sentence:
      'An unbound driver leaves the device reset, with status 0 and features 0, and reads the command no more.',
    level: 'may',
    otherwise:
      'If DRIVER_OK stays set, vmd sends commands that no driver answers. A later poll takes a command from the next driver.',
    remedy:
      'In remove, end the polls, then write 0 to the status (BAR0 offset 18) and to the guest features (BAR0 offset 4).',
    source: 'virtio 1.2, 2.4; vmd virtio.c, which does not reset on status 0',
  },
  'drops-driver-ok': {
    sentence: 'An unbound driver has cleared DRIVER_OK.',
    level: 'should',
    otherwise: 'vmd sends a stop that no driver answers, waits 3 s, and ends the VM.',
    remedy: 'In remove, write 0 to the status (BAR0 offset 18).',
    source: 'vmd virtio.c (vmmci_ctl)',
  },
  'undoes-failures': {
    sentence:
      'When a call of the kernel fails, the driver undoes what it has done, returns the error, and works the next time.',
    level: 'should',
    otherwise:
      'A short lack of memory crashes the guest, or leaves it without the driver until the next boot.',
    remedy: 'Check what each call returns, and undo in reverse order.',
    source: 'Linux Documentation/process/coding-style.rst, 7 (centralized exiting)',
  },
  'serves-virtio': {
    sentence:
      'The virtio transport reads and writes fields of each width at each offset, and offers no queues.',
    level: 'may',
    otherwise: 'Another virtio driver on this transport reads garbage.',
    remedy: 'Implement each operation of struct virtio_config_ops as its comment says.',
    source: 'Linux include/linux/virtio_config.h',
  },
  'comes-back': {
    sentence: 'After an unbind, an unplug or an unload, the driver can be bound again and works as before.',
    level: 'should',
    otherwise: 'An update of the driver needs a reboot of the guest.',
    remedy: 'Keep the state of a device in its own structure, and set it up anew in each probe.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'restores-after-sleep': {
    sentence:
      'After a suspend of the guest the driver restores features and status, and commands work as before.',
    level: 'must',
    otherwise: 'vmd assumes that the guest has no driver: a stop ends the VM at once.',
    remedy:
      'Write features (BAR0 offset 4) and status (18) again on resume, as virtio_device_restore() does.',
    source: 'Linux drivers/virtio/virtio.c; vmd virtio.c (a device that was reset is cold)',
  },
  'survives-removal': {
    sentence: 'The driver does not take what a removed device reads as (all ones) for a time or a command.',
    level: 'should',
    otherwise: 'The guest acts on a command that the host did not send.',
    remedy: 'Check each value that was read for all ones, and treat them as an absent device.',
    source: 'PCI Local Bus 3.0, 3.7.4.1 (master abort); Linux Documentation/PCI/pci-error-recovery.rst',
  },
  'refuses-absent-device': {
    sentence:
      'The driver does not bind to a device that reads as all ones, and does not claim an interrupt if the ISR does.',
    level: 'may',
    otherwise: 'The guest shows a device that does not exist, or claims an interrupt of another device.',
    remedy:
      'If all ones are read, return ENODEV from probe (command, BAR0 offset 20) and IRQ_NONE from the handler (ISR, 19).',
    source: 'PCI Local Bus 3.0, 3.7.4.1 (master abort)',
  },
  'reports-absent-status': {
    sentence: 'The virtio transport reports status 0 for a device that reads as all ones.',
    level: 'may',
    otherwise: 'The virtio core warns, once, when the driver of a device that has gone is removed.',
    remedy: "In the transport's get_status operation, return 0 if the status (BAR0 offset 18) reads as 0xff.",
    source: 'Linux drivers/virtio/virtio.c (virtio_dev_remove); the transports of Linux itself report 0xff',
  },
  'keeps-devices-apart': {
    sentence: 'With two functions in one guest, each has its own clock and its own commands.',
    level: 'should',
    otherwise: 'A command for one function is acknowledged through the other.',
    remedy: 'Keep the state of a device in its own structure, not in static variables.',
    source: 'Linux Documentation/driver-api/driver-model',
  },
  'keeps-transcript': {
    sentence: 'The register accesses of the driver match the transcript that is stored beside it.',
    level: 'should',
    otherwise: 'A change of the driver has changed what the host sees, perhaps unintentionally.',
    remedy: 'Look at the difference. If it is intended, store the new transcript: vmmci transcript --update.',
    source: 'transcript.txt beside the driver',
  },
} as const satisfies Record<string, Requirement>;
