// The requirements that a driver must meet for its host and its users. Each check of a scenario belongs to
// one.

import { lifeRequirements } from './life-requirements.js';
import type { Requirement } from './requirement.js';

export { counts, isLevel, type Level, levels, type Requirement } from './requirement.js';

export const requirements = {
  builds: {
    sentence: 'The driver compiles on each kernel that it is meant for.',
    level: 'must',
    otherwise: 'After an update of the kernel the guest has no driver.',
    remedy: 'Choose between the interfaces of old and new kernels by LINUX_VERSION_CODE, in one header.',
    source: 'Linux Documentation/process/stable-api-nonsense.rst',
  },
  // coming up
  'binds-function': {
    sentence: 'The driver binds to the PCI function 0b5d:0777 and registers its virtio device.',
    level: 'must',
    otherwise: 'Nobody acknowledges a stop, and the guest cannot read the time of the host.',
    remedy: 'Put vendor 0x0b5d and device 0x0777 into the id table of the PCI driver.',
    source: 'vmd pci.h and virtio.c (vmmci_init), every revision',
  },
  'names-interrupt': {
    sentence: 'The interrupt is listed in /proc/interrupts with the name of its driver or device.',
    level: 'may',
    otherwise: 'Users cannot tell which interrupt in /proc/interrupts is that of the function.',
    remedy:
      'Give request_irq the name of the PCI driver; the virtio device has none before it is registered.',
    source: 'Linux kernel/irq/manage.c (request_threaded_irq); fs/proc/interrupts.c',
  },
  'binds-only-vmmci': {
    sentence:
      'The driver does not bind to a function with different ids, even if user space forces it (driver_override, new_id).',
    level: 'may',
    otherwise: 'It writes to the registers of a device that it does not know.',
    remedy: 'Compare vendor, device, subsystem ids and revision in probe, too.',
    source: 'Linux Documentation/ABI/testing/sysfs-bus-pci (driver_override, new_id)',
  },
  'virtio-ids': {
    sentence: 'The virtio device has vendor 0x0b5d and id 0xffff, the subsystem ids of the function.',
    level: 'should',
    otherwise: 'Tools and other drivers take the device for a different type of device.',
    remedy: 'Take vendor and id from the subsystem ids of the PCI function.',
    source: 'virtio 1.2, 4.1.2.3 (legacy devices); drivers/virtio/virtio_pci_legacy.c',
  },
  'loads-by-alias': {
    sentence: 'The installed modules load automatically when the function appears.',
    level: 'should',
    otherwise: 'A guest has no driver until a user loads it by hand.',
    remedy: 'Declare MODULE_DEVICE_TABLE for the PCI ids and for the virtio ids.',
    source: 'Linux Documentation/kbuild/modules.rst; drivers/base/core.c (uevents)',
  },
  'loads-transport': {
    sentence: 'Who loads the virtio driver by its name gets the transport, too.',
    level: 'may',
    otherwise: 'modprobe of the virtio driver succeeds, and there is no virtio device for it.',
    remedy: 'Declare MODULE_SOFTDEP("pre: …") with the name of the transport in the virtio driver.',
    source: 'Linux include/linux/module.h (MODULE_SOFTDEP); modprobe.d(5)',
  },
  'driver-ok': {
    sentence:
      'The driver sets DRIVER_OK when it is ready for commands, and keeps it set as long as it is ready.',
    level: 'must',
    otherwise: 'vmd assumes that the guest has no driver: a stop ends the VM at once, and data is lost.',
    remedy: 'Let the virtio core set DRIVER_OK after probe, and reset the device on remove only.',
    source: 'vmd virtio.c (vmmci_ctl), every revision; virtio 1.2, 3.1.1',
  },
  'negotiates-features': {
    sentence: 'Before DRIVER_OK the driver writes exactly the offered features that it uses.',
    level: 'must',
    otherwise: 'vmd sends no SYNCRTC to a guest that has not accepted the feature, so its clock stays wrong.',
    remedy: 'List TIMESYNC, ACK and SYNCRTC in the feature table, and write what was negotiated.',
    source: 'vmd virtio.c (vmmci_ctl); virtio 1.2, 3.1.1 step 4',
  },
  'respects-offer': {
    sentence: 'The driver does not use features that the host does not offer.',
    level: 'should',
    otherwise:
      'On an old or unusual host the driver writes acknowledgements that the host ignores, or reads invalid times.',
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
    otherwise: 'A future host assumes that the guest has carried out a command that it does not know.',
    remedy: 'Compare the value with the commands that are known before anything is written.',
    source: 'vmd virtio.c (vmmci_ack), which logs other values as illegal',
  },
  'acts-once': {
    sentence: 'The driver acts once on each command, however often it sees the value in the register.',
    level: 'must',
    otherwise:
      'An acknowledged stop stays in the register: the guest goes down again after its next boot or load.',
    remedy: 'Remember the value that was acted on, and ignore an old one after remove and probe.',
    source: 'vmd virtio.c (vmmci_ack), which clears SYNCRTC alone',
  },
  'acts-on-newest': {
    sentence: 'If a command has replaced another one, the driver acts on the newer one.',
    level: 'should',
    otherwise: 'The guest does what the host no longer asks for.',
    remedy: 'Act on the value that was read, and acknowledge exactly that value.',
    source: 'vmd virtio.c (vmmci_ctl), which overwrites a pending command',
  },
  'goes-down': {
    sentence: 'SHUTDOWN makes the guest power off and REBOOT makes it reboot, both by an orderly shutdown.',
    level: 'must',
    otherwise: 'vmd ends the VM after its timeout, or restarts a guest that should have stayed off.',
    remedy: 'Call orderly_poweroff() and orderly_reboot(), or tell user space by other means.',
    source: 'vmd vm.c and vmctl(8) stop; Linux kernel/reboot.c',
  },
  'keeps-data': {
    sentence: 'A guest that was asked to go down leaves its file systems clean and loses no written data.',
    level: 'must',
    otherwise: 'Data is lost.',
    remedy: 'Use an orderly shutdown, not an emergency restart or a direct power-off.',
    source: 'Linux kernel/reboot.c (orderly_poweroff, orderly_reboot)',
  },
  'quiet-on-the-way-down': {
    sentence: 'While the guest shuts down, the driver does not write to the device and DRIVER_OK stays set.',
    level: 'may',
    otherwise:
      'A stop that arrives at the very end of a shutdown ends the VM before the shutdown is complete.',
    remedy: 'Give the virtio driver a shutdown method that does not reset the device.',
    source: 'vmd virtio.c (vmmci_ctl); drivers/virtio/virtio.c (virtio_dev_shutdown), from Linux 6.16 on',
  },
  'sets-clock': {
    sentence: "After SYNCRTC the guest's clock shows the host's time.",
    level: 'must',
    otherwise: 'After a suspend of the host or a pause of the VM, the guest continues with a wrong time.',
    remedy: 'Read seconds and microseconds of the device and set the clock with do_settimeofday64().',
    source: 'vmd vm.c (SYNCRTC after a jump of more than 5 s)',
  },
  'looks-unasked': {
    sentence: 'The driver polls the command register, also when there is no interrupt.',
    level: 'must',
    otherwise:
      'A stop whose interrupt the host has lost is never acknowledged, and vmd ends the VM after 3 s.',
    remedy: 'Read the command register periodically, at least every second.',
    source: 'vmd i8259.c until 7.3, which loses an interrupt that is asserted while it is masked',
    to: '7.3',
  },
  'survives-reload': {
    sentence: 'A reloaded driver ignores a stop that was handled before the reload.',
    level: 'should',
    otherwise: 'The guest goes down when its driver is updated after a stop that was cancelled.',
    remedy: 'Treat a SHUTDOWN or REBOOT that is in the register at probe as already handled.',
    source: 'vmd virtio.c (no device reset clears the command register)',
  },
  // interrupts
  'reads-isr': {
    sentence: 'The interrupt handler reads the ISR, which deasserts the interrupt.',
    level: 'must',
    otherwise:
      'From 8.0 on the line stays asserted and the interrupt repeats forever: the guest does nothing else.',
    remedy: 'Read the ISR register, one byte at offset 19, in each call of the handler.',
    source: 'vmd virtio.c 1.153; virtio 1.2, 4.1.4.5',
    from: '8.0',
  },
  'one-interrupt': {
    sentence: 'The guest gets one interrupt for each command.',
    level: 'should',
    otherwise: 'The guest spends time on useless interrupts.',
    remedy: 'Read the ISR before the command, and the command once.',
    source: 'virtio 1.2, 4.1.4.5',
  },
  'claims-own-interrupts': {
    sentence: 'The handler claims the interrupts of its function and no others.',
    level: 'should',
    otherwise: 'Linux disables a shared line, so that other devices get no interrupts any more.',
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
    sentence: 'A command causes only the accesses that it needs: ISR, command, acknowledgement, time.',
    level: 'may',
    otherwise: 'Each access exits to the host and costs some microseconds.',
    remedy: 'Read the command once, in the handler.',
    source: 'no specification, a matter of taste',
  },
  // time
  'shows-host-time': {
    sentence: 'Each time that the driver shows is exactly one sample of the device.',
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
      "The PTP clock shows the device's time, brackets its reading by the guest's clock, and cannot be set.",
    level: 'must',
    otherwise: 'A program that disciplines the guest by the PTP clock sets a wrong time.',
    remedy:
      'Take the sample under the lock, between two system time stamps, and return EOPNOTSUPP for calls that set the clock.',
    source: 'Linux Documentation/driver-api/ptp.rst; drivers/ptp/ptp_clock.c',
  },
  'shows-drift': {
    sentence: 'The drift that the driver shows is host minus guest, with the right sign.',
    level: 'must',
    otherwise: 'A program that corrects the clock by the drift makes it worse.',
    remedy: 'Subtract in 64 bits, from samples of both clocks that were taken together.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'shows-guest-time': {
    sentence: "The driver shows the guest's own time unchanged.",
    level: 'should',
    otherwise: 'The two times cannot be compared.',
    remedy: 'Read the wall clock, not the monotonic one.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'no-time-is-an-error': {
    sentence:
      'Reading an unavailable time fails: with ENODATA if the host does not offer it, with ENODEV without a device.',
    level: 'should',
    otherwise: 'A script takes a meaningless number for the time.',
    remedy: 'Check the feature, and treat all ones in the microseconds as an absent device.',
    source: 'the description of the driver; Linux Documentation/filesystems/sysfs.rst',
  },
  'shows-commands': {
    sentence: 'The driver shows exactly the commands that it received.',
    level: 'should',
    otherwise: 'Users who look for the cause of a stop are misled.',
    remedy: 'Count each command once, when it is acted on.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  // user interface
  'attribute-form': {
    sentence:
      'Each attribute is readable by all users and not writable, and each of its lines is a value and a newline.',
    level: 'should',
    otherwise: 'Scripts read a value that they cannot use, or none.',
    remedy: 'Declare attributes with DEVICE_ATTR_RO() and print them with sysfs_emit() and a newline.',
    source: 'Linux Documentation/filesystems/sysfs.rst; the description of the driver (vmmci-driver.json)',
  },
  'parameter-contract': {
    sentence: 'Each parameter has the default and the mode that the description of the driver gives.',
    level: 'should',
    otherwise: 'The driver does not behave as documented.',
    remedy: 'Make the declaration and the description agree.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'obeys-parameters': {
    sentence: 'A parameter that is written at run time takes effect, within the documented limits.',
    level: 'should',
    otherwise: 'Users who change it rely on a setting that is not in effect.',
    remedy: 'Read the parameter with READ_ONCE() at each use, and clamp it there.',
    source: 'Linux include/linux/moduleparam.h; the README of the driver',
  },
  'quiet-log': {
    sentence:
      'The driver logs no line for each reading or poll, no warning without a fault, and follows its log levels.',
    level: 'should',
    otherwise: 'The kernel log is full of repeated lines, and important ones are lost.',
    remedy: 'Log rare events at the right level, and use dev_dbg() for frequent ones.',
    source: 'Linux Documentation/process/coding-style.rst, 13; the README of the driver',
  },
  'says-what-happens': {
    sentence: 'The driver logs each line that its description promises, once for each event.',
    level: 'should',
    otherwise: 'Users who look for the reason of a reboot or of a wrong clock find nothing.',
    remedy: 'Write one line for each command, for its outcome, and for a device that cannot be used.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'carries-out': {
    sentence:
      'The driver carries out each acknowledged command, even if it is removed or the guest sleeps meanwhile.',
    level: 'must',
    otherwise: 'The clock stays wrong, or vmd ends the VM after its timeout for the stop.',
    remedy: 'Flush the work of a command in remove, and carry out a stop when programs can be started again.',
    source: 'vmd virtio.c (an acknowledged command is not sent again); Linux kernel/umh.c',
  },
  // removal and return
  ...lifeRequirements,
} as const satisfies Record<string, Requirement>;

/** The id of a requirement; docs/requirements.md has all of them. */
export type RequirementId = keyof typeof requirements;

export const isRequirementId = (id: string): id is RequirementId => Object.hasOwn(requirements, id);
