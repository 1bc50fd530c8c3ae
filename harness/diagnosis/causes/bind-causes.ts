// Causes that are visible when the driver binds to the function, or does not.

import { firstLine } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { TIMESYNC } from '../../vmmci/features.js';
import { status } from '../../vmmci/registers.js';
import type { RequirementId } from '../requirements.js';
import { checkCause, checksOf } from './check-cause.js';
import { exchangesOf, isAck, isCommandRead, isDown, isRead, isUp, isWrite } from './events.js';
import type { Cause } from './facts.js';
import { logLines } from './kernel-reports.js';

/** What fails, among other things, if the device has no driver. */
const needsDriver: readonly RequirementId[] = [
  'binds-function',
  'driver-ok',
  'shows-host-time',
  'reads-clock-in-words',
  'restores-after-sleep',
];

/** The first load of the driver, if no virtio driver was bound although the device was there. */
const unbound = (trace: readonly TraceEvent[]): TraceEvent[] => {
  const isBound = trace.some(
    (event) =>
      isUp(event) ||
      (isWrite(event, 'status') && (event.value & status.DRIVER) !== 0) ||
      (isWrite(event, 'guestFeatures') && event.value !== 0),
  );
  const load = trace.find((event) => event.kind === 'shell' && /^load\b/.test(event.command));
  const isAbsent = trace.some(
    (event) => event.kind === 'bar-read' && event.absent === true && event.seq < (load?.seq ?? 0),
  );
  return isBound || isAbsent || load === undefined ? [] : [load];
};

export const bindCauses = {
  'soft-dependency-missing': checkCause(
    { what: /^modules that modprobe loads before/ },
    {
      sentence: 'With modprobe, the virtio driver is loaded without the module of the transport.',
      change: 'Add MODULE_SOFTDEP("pre: TRANSPORT"), with the name of the module of the transport.',
      requirement: 'loads-transport',
    },
  ),
  'offer-not-passed-on': {
    sentence: 'The driver accepts no feature, though the host offers some, and then misses the time.',
    change: 'Return from get_features() what BAR0 offset 0 reads as (32 bits).',
    requirement: 'shows-host-time',
    find: ({ accesses, reasons }) => {
      const error = reasons.find((line) => /host_time: No data available/.test(line));
      const accepted = accesses.filter((event) => isWrite(event, 'guestFeatures'));
      const offer = accesses.find((event) => isRead(event, 'hostFeatures') && (event.value & TIMESYNC) !== 0);
      const last = accepted.at(-1);
      return error === undefined ||
        offer === undefined ||
        last === undefined ||
        accepted.some(({ value }) => value !== 0)
        ? []
        : [offer, last, firstLine(error)];
    },
  },
  'queue-not-refused': checkCause(
    { what: /^error for a queue/ },
    {
      sentence: 'The transport does not return an error for a queue, and the device has none.',
      change: 'Return -ENOENT from find_vqs() if it is asked for a queue; a positive number is no error.',
      requirement: 'serves-virtio',
    },
  ),
  'bus-name-missing': checkCause(
    { what: /^name of the bus of the device/, seen: /^bus virtio$/ },
    {
      sentence: 'The transport does not tell the virtio core the name of the PCI function.',
      change: 'Set .bus_name in struct virtio_config_ops, and return pci_name() of the function.',
      requirement: 'serves-virtio',
    },
  ),
  'cannot-be-unbound': {
    sentence: 'User space cannot bind and unbind the driver.',
    change:
      'Leave suppress_bind_attrs of the driver as it is: without it, the driver has bind and unbind in sysfs.',
    requirement: 'comes-back',
    find: ({ reasons }) =>
      reasons
        .filter((reason) => /can't create \S*\b(?:un)?bind: /.test(reason))
        .map((reason) => reason.split('\n', 1)[0] ?? '')
        .slice(0, 1),
  },
  'driver-ok-before-first-read': {
    sentence:
      'The driver sets DRIVER_OK before its probe reads the command, so it takes one that arrives in between for an old one.',
    change:
      'Read the command (BAR0 offset 20) before DRIVER_OK is set: leave virtio_device_ready() to the virtio core, or call it last.',
    requirement: 'acknowledges',
    find: (facts) => {
      const line = logLines(facts).find((each) =>
        /ignoring command 0x[12], which was sent before/.test(each),
      );
      for (const { sent, events } of exchangesOf(facts)) {
        const up = facts.trace.findLast((event) => isUp(event) && event.seq < sent.seq);
        const down = facts.trace.findLast((event) => isDown(event) && event.seq < (up?.seq ?? 0));
        const isRead = facts.trace.some(
          (event) => isCommandRead(event) && event.seq > (down?.seq ?? 0) && event.seq < sent.seq,
        );
        const read = events.find(isCommandRead);
        if (line !== undefined && up !== undefined && !isRead && read !== undefined && !events.some(isAck))
          return [up, sent, read, line];
      }
      // A device that probe refuses has DRIVER_OK all the same.
      const up = facts.trace.find(isUp);
      const read = facts.trace.find(isCommandRead);
      const refused = facts.trace.some(
        (event) => event.kind === 'check' && event.result === 'ok' && /^devices bound to /.test(event.what),
      );
      const [check] = checksOf(facts, ['refuses-absent-device'], { what: /^DRIVER_OK$/, seen: /^set$/ });
      if (up === undefined || read === undefined || check === undefined) return [];
      return refused && up.seq < read.seq && read.seq < check.seq ? [up, read, check] : [];
    },
  },
  'virtio-ids-wrong': checkCause(
    { what: /^virtio (vendor|device)/ },
    {
      sentence: 'The ids of the virtio device are not 0b5d:ffff.',
      change: 'Take vendor and device id of the virtio device from the subsystem ids of the PCI function.',
      requirement: 'virtio-ids',
    },
  ),
  'function-not-bound': {
    sentence: 'The driver is loaded, but does not bind to the PCI function 0b5d:0777.',
    change: 'Check the id table of the PCI driver, and the error that its probe returns.',
    requirement: 'binds-function',
    explains: [...needsDriver],
    find: ({ trace }) =>
      trace.some((event) => isWrite(event, 'status') && event.value !== 0) ? [] : unbound(trace),
  },
  'virtio-device-not-bound': {
    sentence: 'The PCI driver binds to the function, but no virtio driver binds to its virtio device.',
    change:
      'Compare the ids of the virtio device with the id table of the virtio driver, and check the error that its probe returns.',
    requirement: 'binds-function',
    explains: [...needsDriver],
    find: ({ trace, hasVirtioDriver = true }) =>
      hasVirtioDriver && trace.some((event) => isWrite(event, 'status') && event.value !== 0)
        ? unbound(trace)
        : [],
  },
  'virtio-device-elsewhere': {
    sentence: 'The virtio device of the PCI function is not below it in sysfs.',
    change: 'Set dev.parent of the virtio device to the device of the PCI function before it is registered.',
    requirement: 'binds-function',
    find: ({ trace, reasons }) => {
      // A driver that has set DRIVER_OK has a virtio device.
      const bound = trace.findLast((event) => isUp(event) || isDown(event));
      const reason = reasons.find((line) => /^in the guest, `.*\/virtio\*: No such file/.test(line));
      return bound === undefined || !isUp(bound) || reason === undefined ? [] : [bound, firstLine(reason)];
    },
  },
  'bound-under-another-name': checkCause(
    {
      what: /^(?:virtio driver|driver of (?:the|vmd's) function|lspci: driver in use)$/,
      seen: /^(?!undefined|null)[\w.-]+$/,
    },
    {
      sentence: 'A driver is bound, but it has another name than in the description.',
      change: 'Correct pciDriver or virtioDriver in vmmci-driver.json, or the .name of the driver structure.',
      requirement: 'binds-function',
      explains: ['binds-function', 'comes-back'],
    },
  ),
  'status-not-written': {
    sentence: 'The driver accepts features, but never writes the status of the device.',
    change: 'Write the status with one 8-bit access to BAR0 offset 18: ACKNOWLEDGE, DRIVER, then DRIVER_OK.',
    requirement: 'driver-ok',
    explains: ['driver-ok', 'binds-function'],
    find: ({ trace }) => {
      const accepted = trace.find((event) => isWrite(event, 'guestFeatures') && event.value !== 0);
      const written = trace.some(
        (event) => (event.kind === 'status' || isWrite(event, 'status')) && event.value !== 0,
      );
      return accepted === undefined || written ? [] : [accepted];
    },
  },
  'pci-alias-missing': checkCause(
    { what: /^module for pci:/, seen: /^none$/ },
    {
      sentence: 'No module has the alias of the PCI function, so nothing loads the driver when it appears.',
      change: 'Declare MODULE_DEVICE_TABLE(pci, …) with 0b5d:0777 for the PCI driver.',
      requirement: 'loads-by-alias',
    },
  ),
  'virtio-alias-missing': checkCause(
    { what: /^module for virtio:/, seen: /^none$/ },
    {
      sentence: 'No module has the alias of the virtio device, so nothing loads the virtio driver.',
      change: 'Declare MODULE_DEVICE_TABLE(virtio, …) with device 0xffff and vendor 0x0b5d.',
      requirement: 'loads-by-alias',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
