// The requirements that a driver must meet for its host and its users. Each check of a scenario belongs to
// one.

import { lifeRequirements } from './life-requirements.js';
import type { Requirement } from './requirement.js';

export { counts, isLevel, type Level, levels, type Requirement } from './requirement.js';

export const requirements = {
  builds: {
    sentence: 'The driver compiles for each kernel that it supports.',
    level: 'must',
    otherwise: 'After an update of the kernel the guest has no driver.',
    remedy: 'Select between old and new kernel interfaces by LINUX_VERSION_CODE, in one header.',
    source: 'Linux Documentation/process/stable-api-nonsense.rst',
  },
  // coming up
  'binds-function': {
    sentence: 'The driver binds to the PCI function 0b5d:0777 and registers its virtio device.',
    level: 'must',
    otherwise:
      'The guest cannot acknowledge a stop, so vmd ends the VM, and it cannot read the time of the host.',
    remedy: 'Put vendor 0x0b5d and device 0x0777 into the id table of the PCI driver.',
    source: 'vmd pci.h and virtio.c (vmmci_init), every revision',
  },
  'names-interrupt': {
    sentence: 'The interrupt is listed in /proc/interrupts with the name of its driver or device.',
    level: 'may',
    otherwise: 'Users cannot tell which line of /proc/interrupts belongs to the function.',
    remedy:
      'Pass the name of the PCI driver to request_irq(); the virtio device has no name before it is registered.',
    source: 'Linux kernel/irq/manage.c (request_threaded_irq); fs/proc/interrupts.c',
  },
  'names-threads': {
    sentence: 'Kernel threads that the driver starts have a name.',
    level: 'may',
    otherwise: 'Users cannot tell which driver a thread in the list of processes belongs to.',
    remedy: 'Give the work queue a name that has that of the device, as in alloc_workqueue("vmmci/%s", …).',
    source: 'Linux kernel/workqueue.c (init_rescuer, wq_worker_comm)',
  },
  'works-without-memory': {
    sentence:
      'The work queue of the driver has a rescuer, so that queued work also runs when memory is short.',
    level: 'may',
    otherwise: 'A guest that is short of memory acknowledges a stop, but does not carry it out.',
    remedy: 'Create the work queue with WQ_MEM_RECLAIM.',
    source: 'Linux Documentation/core-api/workqueue.rst, WQ_MEM_RECLAIM',
  },
  'names-range': {
    sentence: 'The I/O range is listed in /proc/ioports with the name of its driver or device.',
    level: 'may',
    otherwise: 'Users cannot tell which driver has claimed the range.',
    remedy: 'Pass the name of the PCI driver to pci_request_region().',
    source: 'Linux kernel/resource.c (__request_region, r_show)',
  },
  'describes-modules': {
    sentence: 'Each module has a description and an author, which modinfo shows.',
    level: 'may',
    otherwise: 'Users cannot tell what a loaded module is for, or whom to ask about it.',
    remedy: 'Add MODULE_DESCRIPTION() and MODULE_AUTHOR() to each module.',
    source: 'Linux include/linux/module.h; scripts/mod/modpost.c (missing MODULE_DESCRIPTION)',
  },
  'binds-only-vmmci': {
    sentence:
      'The driver does not bind to a function with different ids, even if user space forces it (driver_override, new_id).',
    level: 'may',
    otherwise: 'The driver writes to the registers of an unknown device.',
    remedy: 'Compare vendor, device, subsystem ids and revision in probe as well.',
    source: 'Linux Documentation/ABI/testing/sysfs-bus-pci (driver_override, new_id)',
  },
  'virtio-ids': {
    sentence: 'The virtio device has vendor 0x0b5d and id 0xffff, the subsystem ids of the function.',
    level: 'should',
    otherwise: 'Tools and other drivers take the device for one of another type.',
    remedy: 'Take vendor and device id of the virtio device from the subsystem ids of the PCI function.',
    source: 'virtio 1.2, 4.1.2.3 (legacy devices); drivers/virtio/virtio_pci_legacy.c',
  },
  'loads-by-alias': {
    sentence: 'The installed modules load automatically when the function appears.',
    level: 'should',
    otherwise: 'A guest has no driver until a user loads it by hand.',
    remedy:
      'Declare MODULE_DEVICE_TABLE(pci, …) with 0b5d:0777, and MODULE_DEVICE_TABLE(virtio, …) with device 0xffff and vendor 0x0b5d.',
    source: 'Linux Documentation/kbuild/modules.rst; drivers/base/core.c (uevents)',
  },
  'loads-transport': {
    sentence: 'modprobe of the virtio driver also loads the transport.',
    level: 'may',
    otherwise: 'modprobe succeeds, but there is no virtio device for the driver.',
    remedy: 'Declare MODULE_SOFTDEP("pre: …") with the name of the transport in the virtio driver.',
    source: 'Linux include/linux/module.h (MODULE_SOFTDEP); modprobe.d(5)',
  },
  'driver-ok': {
    sentence:
      'The driver sets DRIVER_OK when it is ready for commands, and keeps it set as long as it is ready.',
    level: 'must',
    otherwise: 'vmd assumes that the guest has no driver: a stop ends the VM at once, and data is lost.',
    remedy:
      'Let the virtio core set DRIVER_OK (bit 2 of the status, BAR0 offset 18) after probe, and reset the device only in remove.',
    source: 'vmd virtio.c (vmmci_ctl), every revision; virtio 1.2, 3.1.1',
  },
  'negotiates-features': {
    sentence: 'Before DRIVER_OK the driver writes exactly the offered features that it uses.',
    level: 'must',
    otherwise: 'vmd sends no SYNCRTC to a guest that has not accepted the feature, so its clock stays wrong.',
    remedy:
      'List TIMESYNC (bit 0), ACK (1) and SYNCRTC (2) in the feature table, and write the accepted ones to BAR0 offset 4.',
    source: 'vmd virtio.c (vmmci_ctl); virtio 1.2, 3.1.1 step 4',
  },
  'respects-offer': {
    sentence: 'The driver does not use features that the host does not offer.',
    level: 'should',
    otherwise:
      'On a host without them the driver writes acknowledgements that are ignored, or reads invalid times.',
    remedy: 'Check virtio_has_feature() before each use of a feature.',
    source: 'virtio 1.2, 2.2.1',
  },
  // commands
  acknowledges: {
    sentence:
      'The driver acknowledges each command once, by a 32-bit write of the same value to the command register.',
    level: 'must',
    otherwise: 'vmd ends the VM 3 s after a stop that was not acknowledged; a wrong value is ignored.',
    remedy: 'Write the value that was read from BAR0 offset 20 back to it, once for each command.',
    source: 'vmd virtio.c (vmmci_ack), every revision',
  },
  'acknowledges-in-time': {
    sentence: 'The driver acknowledges a command within 3 s, and before any work for it.',
    level: 'must',
    otherwise: 'vmd ends the VM, and data that is not on the disk is lost.',
    remedy: 'Write the command back to BAR0 offset 20 in the interrupt handler, and do the work afterwards.',
    source: 'vmd virtio.c (VMMCI_TIMEOUT), every revision',
  },
  'acknowledges-known-only': {
    sentence: 'The driver neither acknowledges nor carries out a command that it does not know.',
    level: 'should',
    otherwise: 'A future host assumes that the guest has carried out a command that it does not know.',
    remedy: 'Write back only 1 (SHUTDOWN), 2 (REBOOT) and 3 (SYNCRTC), and ignore any other value.',
    source: 'vmd virtio.c (vmmci_ack), which logs other values as illegal',
  },
  'acts-once': {
    sentence: 'The driver acts once on each command, however often it reads the value from the register.',
    level: 'must',
    otherwise:
      'vmd does not clear an acknowledged stop: the guest goes down again after its next boot or load of the driver.',
    remedy:
      'Remember the value that was handled, and treat a stop that is in the register at probe as handled.',
    source: 'vmd virtio.c (vmmci_ack), which clears only SYNCRTC',
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
    remedy: 'Call orderly_poweroff() and orderly_reboot(), or ask user space in another way.',
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
    remedy:
      'Read the seconds (BAR0 offset 24) and microseconds (32), and set the clock with do_settimeofday64().',
    source: 'vmd vm.c (SYNCRTC after a jump of more than 5 s)',
  },
  'looks-unasked': {
    sentence: 'The driver also reads the command register when there is no interrupt.',
    level: 'must',
    otherwise:
      'A stop whose interrupt the host has lost is never acknowledged, and vmd ends the VM after 3 s.',
    remedy: 'Poll the command (BAR0 offset 20), at least every second.',
    source: 'vmd i8259.c until 7.3, which loses an interrupt that is asserted while it is masked',
    to: '7.3',
  },
  'survives-reload': {
    sentence: 'A reloaded driver ignores a stop that was handled before the reload.',
    level: 'should',
    otherwise: 'The guest goes down when its driver is updated after a stop that was cancelled.',
    remedy: 'Treat a SHUTDOWN or REBOOT that is in BAR0 offset 20 at probe as already handled.',
    source: 'vmd virtio.c (no device reset clears the command register)',
  },
  // interrupts
  'reads-isr': {
    sentence: 'The interrupt handler reads the ISR, which deasserts the interrupt.',
    level: 'must',
    otherwise:
      'From 8.0 on the line stays asserted and the interrupt repeats forever: the guest does nothing else.',
    remedy: 'Read the ISR (8 bits, BAR0 offset 19) in each call of the handler.',
    source: 'vmd virtio.c 1.153; virtio 1.2, 4.1.4.5',
    from: '8.0',
  },
  'one-interrupt': {
    sentence: 'The guest gets one interrupt for each command.',
    level: 'should',
    otherwise: 'The guest wastes time on additional interrupts.',
    remedy: 'Read the ISR (BAR0 offset 19) first, and then the command (BAR0 offset 20) once.',
    source: 'virtio 1.2, 4.1.4.5',
  },
  'claims-own-interrupts': {
    sentence: 'The handler claims the interrupts of its function and no others.',
    level: 'should',
    otherwise: 'Linux disables the shared line, and the other devices on it get no more interrupts.',
    remedy: 'Return IRQ_NONE if the ISR (BAR0 offset 19) reads as 0 or all ones, and IRQ_HANDLED otherwise.',
    source: 'Linux kernel/irq/spurious.c; virtio 1.2, 4.1.4.5',
  },
  'register-widths': {
    sentence: 'Each register is read and written with its own width.',
    level: 'should',
    otherwise:
      'vmd looks only at the offset today; another host may return a byte of the neighbouring register.',
    remedy:
      'Access the status and the ISR with 8 bits, and all registers from BAR0 offset 20 on with 32 bits.',
    source: 'virtio 1.2, 4.1.4 (legacy layout); vmd virtio.c',
  },
  'no-needless-accesses': {
    sentence: 'A command and a reading of the clock cause only the accesses that they need.',
    level: 'may',
    otherwise: 'Each access leaves the VM and costs some microseconds.',
    remedy:
      'Read the command (BAR0 offset 20) once, in the handler, and of the clock only the low words (24, 32).',
    source: 'no specification, a matter of taste',
  },
  // time
  'shows-host-time': {
    sentence: 'Each time that the driver shows is exactly one sample of the device.',
    level: 'must',
    otherwise: 'The guest shows a wrong time.',
    remedy:
      'Under one lock, read the seconds first (BAR0 offset 24, which takes the sample), and then the microseconds (32).',
    source: 'vmd virtio.c (VMMCI_CONFIG_TIME_SEC, TIME_USEC), every revision',
  },
  'reads-clock-in-words': {
    sentence: 'The clock registers are read as 32-bit words.',
    level: 'must',
    otherwise: 'vmd answers a read that starts inside a register with an old value, so the time is garbage.',
    remedy: 'Use one 32-bit access for each register, not the byte loop of the stock legacy transport.',
    source: 'vmd virtio.c (dispatch on the start offset), every revision',
  },
  'shows-ptp-time': {
    sentence:
      "The PTP clock shows the device's time, brackets its reading by the guest's clock, and cannot be set.",
    level: 'must',
    otherwise: 'A program that disciplines the guest with the PTP clock sets a wrong time.',
    remedy:
      'Read BAR0 offset 24 under the lock, between two system time stamps, and return EOPNOTSUPP from calls that set the clock.',
    source: 'Linux Documentation/driver-api/ptp.rst; drivers/ptp/ptp_clock.c',
  },
  'shows-drift': {
    sentence: 'The drift that the driver shows is host minus guest, with the right sign.',
    level: 'must',
    otherwise: 'A program that corrects the clock by the drift makes it worse.',
    remedy: 'Subtract in 64 bits, with readings of both clocks from the same moment.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'shows-guest-time': {
    sentence: "The driver shows the guest's own time unchanged.",
    level: 'should',
    otherwise: 'Users cannot compare the time of the guest with that of the host.',
    remedy: 'Read the wall clock (ktime_get_real_ts64()), not the monotonic clock.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'no-time-is-an-error': {
    sentence:
      'Reading an unavailable time fails: with ENODATA if the host does not offer it, with ENODEV without a device.',
    level: 'should',
    otherwise: 'A script uses a meaningless number as the time.',
    remedy: 'Check TIMESYNC, and treat all ones in the microseconds (BAR0 offset 32) as an absent device.',
    source: 'the description of the driver; Linux Documentation/filesystems/sysfs.rst',
  },
  'shows-commands': {
    sentence: 'The driver shows exactly the commands that it has received.',
    level: 'should',
    otherwise: 'Users who investigate a stop are misled.',
    remedy: 'Count each command once, when it is acted on.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  // user interface
  'attribute-form': {
    sentence:
      'Each attribute is readable by all users and not writable, and each of its lines is a value and a newline.',
    level: 'should',
    otherwise: 'Scripts cannot read or parse the value.',
    remedy: 'Declare attributes with DEVICE_ATTR_RO() and print them with sysfs_emit() and a newline.',
    source: 'Linux Documentation/filesystems/sysfs.rst; the description of the driver (vmmci-driver.json)',
  },
  'parameter-contract': {
    sentence: 'Each parameter has the default and the mode that the description of the driver gives.',
    level: 'should',
    otherwise: 'The driver does not behave as documented.',
    remedy: 'Make the declaration of the parameter and vmmci-driver.json agree.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'describes-parameters': {
    sentence: 'Each parameter has a description that modinfo shows.',
    level: 'may',
    otherwise: 'Users of the driver do not learn what the parameter does.',
    remedy: 'Add MODULE_PARM_DESC() with the name of the parameter.',
    source: 'Linux include/linux/moduleparam.h (MODULE_PARM_DESC)',
  },
  'obeys-parameters': {
    sentence: 'A parameter that is written at run time takes effect, within the documented limits.',
    level: 'should',
    otherwise: 'A user changes the setting, and it has no effect.',
    remedy: 'Read the parameter with READ_ONCE() at each use, and clamp it there.',
    source: 'Linux include/linux/moduleparam.h; the README of the driver',
  },
  'quiet-log': {
    sentence:
      'The driver logs no line for each reading or poll, no warning without a fault, and follows its log levels.',
    level: 'should',
    otherwise: 'The kernel log is full of repeated lines, which hide important ones.',
    remedy: 'Log rare events at the right level, and use dev_dbg() for frequent ones.',
    source: 'Linux Documentation/process/coding-style.rst, 13; the README of the driver',
  },
  'no-needless-events': {
    sentence: 'The driver sends no event to user space for a poll.',
    level: 'should',
    otherwise: 'The guest runs its rules for devices (udev) at each poll, as long as it is up.',
    remedy: 'Call kobject_uevent() only when something has changed that programs wait for.',
    source: 'Linux lib/kobject_uevent.c',
  },
  'says-what-happens': {
    sentence: 'The driver logs each line that its description promises, once for each event.',
    level: 'should',
    otherwise: 'Users who look for the reason of a reboot or of a wrong clock find nothing.',
    remedy: 'Log one line for each command, one for its outcome, and one for a device that cannot be used.',
    source: 'the description of the driver (vmmci-driver.json)',
  },
  'carries-out': {
    sentence:
      'The driver carries out each acknowledged command, even if it is removed or the guest sleeps meanwhile.',
    level: 'must',
    otherwise: 'The clock stays wrong, or vmd ends the VM when the timeout of the stop expires.',
    remedy:
      'In remove, flush the work of a command. After a sleep, carry out a stop as soon as programs can be started.',
    source: 'vmd virtio.c (an acknowledged command is not sent again); Linux kernel/umh.c',
  },
  // removal and return
  ...lifeRequirements,
} as const satisfies Record<string, Requirement>;

/** The id of a requirement; docs/requirements.md has all of them. */
export type RequirementId = keyof typeof requirements;

export const isRequirementId = (id: string): id is RequirementId => Object.hasOwn(requirements, id);
