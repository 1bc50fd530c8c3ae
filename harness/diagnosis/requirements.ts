// What a driver owes its host and its users. Each check of each scenario belongs to one of these.

import { lifeRequirements } from './life-requirements.js';
import type { Requirement } from './requirement.js';

export { counts, isLevel, type Level, levels, type Requirement } from './requirement.js';

export const requirements = {
  builds: {
    sentence: 'The driver compiles on each kernel that it is meant for.',
    level: 'must',
    otherwise: 'Whoever updates the kernel of a guest has no driver any more.',
    remedy: 'Choose between the interfaces of old and new kernels by LINUX_VERSION_CODE, in one header.',
    source: 'Linux Documentation/process/stable-api-nonsense.rst',
  },
  // coming up
  'binds-function': {
    sentence: 'The driver binds to the PCI function 0b5d:0777 and makes the virtio device of it.',
    level: 'must',
    otherwise: 'Nobody acknowledges a stop, and the guest cannot read the time of the host.',
    remedy: 'Put vendor 0x0b5d and device 0x0777 into the id table of the PCI driver.',
    source: 'vmd pci.h and virtio.c (vmmci_init), every revision',
  },
  'names-interrupt': {
    sentence: 'The interrupt is listed in /proc/interrupts with a name that tells whose it is.',
    level: 'may',
    otherwise: 'Whoever looks for the interrupt of the function finds it without a name.',
    remedy:
      'Give request_irq the name of the PCI driver; the virtio device has none before it is registered.',
    source: 'Linux kernel/irq/manage.c (request_threaded_irq); fs/proc/interrupts.c',
  },
  'binds-only-vmmci': {
    sentence:
      'The driver takes no function with other ids, even if user space forces it to (driver_override, new_id).',
    level: 'may',
    otherwise: 'It writes to the registers of a device that it does not know.',
    remedy: 'Compare vendor, device, subsystem ids and revision in probe, too.',
    source: 'Linux Documentation/ABI/testing/sysfs-bus-pci (driver_override, new_id)',
  },
  'virtio-ids': {
    sentence: 'The virtio device has vendor 0x0b5d and id 0xffff, the subsystem ids of the function.',
    level: 'should',
    otherwise: 'Tools and other drivers take the device for one of another kind.',
    remedy: 'Take vendor and id from the subsystem ids of the PCI function.',
    source: 'virtio 1.2, 4.1.2.3 (legacy devices); drivers/virtio/virtio_pci_legacy.c',
  },
  'loads-by-alias': {
    sentence: 'Once installed, the modules load by themselves when the function appears.',
    level: 'should',
    otherwise: 'A guest has no driver until somebody loads it by hand.',
    remedy: 'Declare MODULE_DEVICE_TABLE for the PCI ids and for the virtio ids.',
    source: 'Linux Documentation/kbuild/modules.rst; drivers/base/core.c (uevents)',
  },
  'driver-ok': {
    sentence: 'The driver sets DRIVER_OK when it is ready for commands, and leaves it set as long as it is.',
    level: 'must',
    otherwise: 'vmd takes the guest for one without a driver: a stop ends the VM at once, and data is lost.',
    remedy: 'Let the virtio core set DRIVER_OK after probe, and reset the device on remove only.',
    source: 'vmd virtio.c (vmmci_ctl), every revision; virtio 1.2, 3.1.1',
  },
  'negotiates-features': {
    sentence: 'The driver writes exactly those of the offered features that it uses, before DRIVER_OK.',
    level: 'must',
    otherwise: 'vmd sends no SYNCRTC to a guest that has not taken the feature, so its clock stays wrong.',
    remedy: 'List TIMESYNC, ACK and SYNCRTC in the feature table, and write what was negotiated.',
    source: 'vmd virtio.c (vmmci_ctl); virtio 1.2, 3.1.1 step 4',
  },
  'respects-offer': {
    sentence: 'On a host that offers less, the driver uses nothing that is not offered.',
    level: 'should',
    otherwise:
      'On an old or unusual host the driver writes acknowledgements or reads times that mean nothing there.',
    remedy: 'Ask virtio_has_feature() before each use of a feature.',
    source: 'virtio 1.2, 2.2.1',
  },
  // commands
  acknowledges: {
    sentence:
      'The driver acknowledges each command once, by a 32-bit write of the same value to the command register.',
    level: 'must',
    otherwise: 'vmd ends the VM 3 s after a stop that was not acknowledged; a wrong value is ignored.',
    remedy: 'Write the value that was read back to the command register, once for each command.',
    source: 'vmd virtio.c (vmmci_ack), every revision',
  },
  'acknowledges-in-time': {
    sentence: 'The acknowledgement comes within 3 s of the command, before any work is done for it.',
    level: 'must',
    otherwise: 'vmd ends the VM, and data that is not on the disk is lost.',
    remedy: 'Acknowledge in the interrupt handler, and do the work afterwards.',
    source: 'vmd virtio.c (VMMCI_TIMEOUT), every revision',
  },
  'acknowledges-known-only': {
    sentence: 'A command that the driver does not know is neither acknowledged nor acted on.',
    level: 'should',
    otherwise: 'A host to come believes that the guest has done what it was asked.',
    remedy: 'Compare the value with the commands that are known before anything is written.',
    source: 'vmd virtio.c (vmmci_ack), which logs other values as illegal',
  },
  'acts-once': {
    sentence: 'The driver acts once on each command, however often it sees the value in the register.',
    level: 'must',
    otherwise:
      'An acknowledged stop stays in the register: the guest goes down again after its next boot or load.',
    remedy: 'Remember the value that was acted on, also over remove and probe.',
    source: 'vmd virtio.c (vmmci_ack), which clears SYNCRTC alone',
  },
  'acts-on-newest': {
    sentence: 'When a command has taken the place of another, the driver acts on the one that is there.',
    level: 'should',
    otherwise: 'The guest does what the host no longer asks for.',
    remedy: 'Act on the value that is read, and acknowledge that very value.',
    source: 'vmd virtio.c (vmmci_ctl), which overwrites a pending command',
  },
  'goes-down': {
    sentence: 'SHUTDOWN makes the guest power off and REBOOT makes it reboot, each in order.',
    level: 'must',
    otherwise: 'vmd ends the VM when its patience is over, or starts a guest again that was to stay off.',
    remedy: 'Call orderly_poweroff() and orderly_reboot(), or tell user space by other means.',
    source: 'vmd vm.c and vmctl(8) stop; Linux kernel/reboot.c',
  },
  'keeps-data': {
    sentence: 'A guest that was asked to go down leaves its file systems clean, with all that was written.',
    level: 'must',
    otherwise: 'Data is lost.',
    remedy: 'Go down in order: no emergency restart and no direct power-off.',
    source: 'Linux kernel/reboot.c (orderly_poweroff, orderly_reboot)',
  },
  'quiet-on-the-way-down': {
    sentence: 'On its way down, the guest leaves the device alone and DRIVER_OK set.',
    level: 'may',
    otherwise:
      'A stop that arrives in the last moment of a shutdown ends the VM at once instead of a moment later.',
    remedy: 'Give the virtio driver a shutdown method that does not reset the device.',
    source: 'vmd virtio.c (vmmci_ctl); drivers/virtio/virtio.c (virtio_dev_shutdown), from Linux 6.16 on',
  },
  'sets-clock': {
    sentence: "After SYNCRTC the guest's clock is the clock of the host.",
    level: 'must',
    otherwise: 'After a suspend or a pause of the host the guest goes on with a wrong time.',
    remedy: 'Read seconds and microseconds of the device and set the clock with do_settimeofday64().',
    source: 'vmd vm.c (SYNCRTC after a jump of more than 5 s)',
  },
  'looks-unasked': {
    sentence: 'The driver looks at the command register now and then although no interrupt told it to.',
    level: 'must',
    otherwise:
      'A stop whose interrupt the host has lost is never acknowledged, and vmd ends the VM after 3 s.',
    remedy: 'Read the command register periodically, at least every second.',
    source: 'vmd i8259.c until 7.3, which loses an interrupt that is asserted while it is masked',
    to: '7.3',
  },
  'survives-reload': {
    sentence: 'A driver that is loaded again ignores a stop that the one before it has dealt with.',
    level: 'should',
    otherwise: 'The guest goes down when its driver is updated after a stop that was cancelled.',
    remedy: 'Take SHUTDOWN or REBOOT that stand in the register at probe for old.',
    source: 'vmd virtio.c (no device reset clears the command register)',
  },
  // interrupts
  'reads-isr': {
    sentence: 'The interrupt handler reads the ISR, which takes the interrupt back.',
    level: 'must',
    otherwise:
      'From 8.0 on the line stays up and the interrupt repeats for ever: the guest does nothing else.',
    remedy: 'Read the ISR register, one byte at offset 19, in each call of the handler.',
    source: 'vmd virtio.c 1.153; virtio 1.2, 4.1.4.5',
    from: '8.0',
  },
  'one-interrupt': {
    sentence: 'One command is one interrupt in the guest.',
    level: 'should',
    otherwise: 'The guest spends time on interrupts for nothing.',
    remedy: 'Read the ISR before the command, and the command once.',
    source: 'virtio 1.2, 4.1.4.5',
  },
  'claims-own-interrupts': {
    sentence: 'The handler claims the interrupts of its function, and no others.',
    level: 'should',
    otherwise: 'On a shared line Linux turns the line off, and other devices with it.',
    remedy: 'Return IRQ_NONE when the ISR is 0 or all ones, and IRQ_HANDLED otherwise.',
    source: 'Linux kernel/irq/spurious.c; virtio 1.2, 4.1.4.5',
  },
  'register-widths': {
    sentence: 'Each register is read and written with its own width.',
    level: 'should',
    otherwise: 'vmd answers by offset alone today; another host may see a byte of the neighbouring register.',
    remedy: 'Read the ISR and the status with 8 bits, and the registers of the device with 32.',
    source: 'virtio 1.2, 4.1.4 (legacy layout); vmd virtio.c',
  },
  'no-needless-accesses': {
    sentence: 'A command costs the accesses that it needs: ISR, command, acknowledgement, time.',
    level: 'may',
    otherwise: 'Each access leaves the VM and costs some microseconds.',
    remedy: 'Read the command once, in the handler.',
    source: 'taste',
  },
  // time
  'shows-host-time': {
    sentence: 'The time that the driver shows is exactly one that the device has sampled.',
    level: 'must',
    otherwise: 'The guest shows a wrong time.',
    remedy: 'Read the seconds first, which takes the sample, then the microseconds, under one lock.',
    source: 'vmd virtio.c (VMMCI_CONFIG_TIME_SEC, TIME_USEC), every revision',
  },
  'reads-clock-in-words': {
    sentence: 'The clock registers are read as 32-bit words.',
    level: 'must',
    otherwise: 'vmd answers a read that begins within a register with a stale value: the time is garbage.',
    remedy: 'Use one 32-bit port access for each register, not the byte loop of the stock legacy transport.',
    source: 'vmd virtio.c (dispatch on the start offset), every revision',
  },
  'shows-ptp-time': {
    sentence:
      'The PTP clock shows the time of the device, with the guest clock read right around it, and cannot be set.',
    level: 'must',
    otherwise: 'A program that disciplines the guest by it makes the guest show a wrong time.',
    remedy:
      'Take the sample under the lock, between two system time stamps, and answer EOPNOTSUPP to what would change it.',
    source: 'Linux Documentation/driver-api/ptp.rst; drivers/ptp/ptp_clock.c',
  },
  'shows-drift': {
    sentence: 'The drift that the driver shows is host minus guest, with the right sign.',
    level: 'must',
    otherwise: 'Whoever corrects the clock by it makes it worse.',
    remedy: 'Subtract in 64 bits, from samples of both clocks that were taken together.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'shows-guest-time': {
    sentence: "The guest's own time is shown as it is.",
    level: 'should',
    otherwise: 'The two times cannot be compared.',
    remedy: 'Read the wall clock, not the monotonic one.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'no-time-is-an-error': {
    sentence:
      'Where there is no time, reading it fails: ENODATA when it is not offered, ENODEV without a device.',
    level: 'should',
    otherwise: 'A script takes a number that means nothing for the time.',
    remedy: 'Check the feature, and take all ones in the microseconds for an absent device.',
    source: 'the description of the driver; Linux Documentation/filesystems/sysfs.rst',
  },
  'shows-commands': {
    sentence: 'The commands that the driver shows are those that came.',
    level: 'should',
    otherwise: 'Who looks for the cause of a stop is misled.',
    remedy: 'Count each command once, when it is acted on.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  // what its users see
  'attribute-form': {
    sentence:
      'Each attribute is readable by everybody and writable by nobody, and is one value and a newline a line.',
    level: 'should',
    otherwise: 'Scripts read a value that they cannot use, or none.',
    remedy: 'Declare attributes with DEVICE_ATTR_RO() and print them with sysfs_emit() and a newline.',
    source: 'Linux Documentation/filesystems/sysfs.rst; the description of the driver (vmmci-driver.json)',
  },
  'parameter-contract': {
    sentence: 'Each parameter has the default and the mode that the description of the driver gives.',
    level: 'should',
    otherwise: 'The driver behaves otherwise than its documentation says.',
    remedy: 'Make the declaration and the description agree.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'obeys-parameters': {
    sentence: 'A parameter that is written at run time takes effect, within the limits that the driver has.',
    level: 'should',
    otherwise: 'Whoever changes it believes in a setting that is not in force.',
    remedy: 'Read the parameter with READ_ONCE() at each use, and clamp it there.',
    source: 'Linux include/linux/moduleparam.h; the README of the driver',
  },
  'quiet-log': {
    sentence:
      'The driver writes no line a reading or a poll, no warning without a fault, and what its levels say.',
    level: 'should',
    otherwise: 'The kernel log is full of one line, and what matters is lost.',
    remedy: 'Log what happens once, by level; use dev_dbg() for what happens all the time.',
    source: 'Linux Documentation/process/coding-style.rst, 13; the README of the driver',
  },
  'says-what-happens': {
    sentence:
      'Each line of the kernel log that the description of the driver promises is there, once for each event.',
    level: 'should',
    otherwise: 'Whoever looks for the reason of a reboot or of a wrong clock finds nothing.',
    remedy: 'Write one line for each command, for its outcome, and for a device that cannot be used.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'carries-out': {
    sentence:
      'What was acknowledged is carried out, also when the driver goes or the guest sleeps meanwhile.',
    level: 'must',
    otherwise: 'The clock stays wrong, or vmd ends the VM when its patience for the stop is over.',
    remedy: 'Flush the work of a command in remove, and carry out a stop when programs can be started again.',
    source: 'vmd virtio.c (a command that was acknowledged is not sent again); Linux kernel/umh.c',
  },
  // going and coming back
  ...lifeRequirements,
} as const satisfies Record<string, Requirement>;

/** The id of a requirement; docs/requirements.md has all of them. */
export type RequirementId = keyof typeof requirements;

export const requirementIds = Object.keys(requirements) as readonly RequirementId[];

export const isRequirementId = (id: string): id is RequirementId => Object.hasOwn(requirements, id);
