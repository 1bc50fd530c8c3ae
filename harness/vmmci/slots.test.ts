import t from 'tap';
import { type GenerationName, generations } from './generations.js';
import { interruptArrives, lastSlot, slotsOf, type VmDevices } from './slots.js';

const show = (name: GenerationName, vm: VmDevices): string =>
  slotsOf(generations[name], vm)
    .map(({ slot, device, irq, port }) => `${slot} ${device} ${irq} ${port.toString(16)}`)
    .join(', ');

t.test('T03: the slots of an ordinary VM, and of one with a CD-ROM', async (t) => {
  t.equal(
    show('8.0', { networks: 1, disks: 1, cdrom: false }),
    '1 entropy 3 1000, 2 network 5 2000, 3 disk 6 3000, 4 vmmci 7 4000',
  );
  t.equal(
    show('8.0', { networks: 1, disks: 1, cdrom: true }),
    '1 entropy 3 1000, 2 network 5 2000, 3 disk 6 3000, 4 cdrom 7 4000, 5 vmmci 9 5000',
  );
});

t.test('disks come before networks until 6.4', async (t) => {
  t.equal(
    show('6.4', { networks: 1, disks: 2, cdrom: false }),
    '1 entropy 3 1000, 2 disk 5 2000, 3 disk 6 3000, 4 network 7 4000, 5 vmmci 9 5000',
  );
});

t.test('vmmci gets the first free slot, and none if all are used', async (t) => {
  const slotOf = (vm: VmDevices) =>
    slotsOf(generations['7.8'], vm).find(({ device }) => device === 'vmmci')?.slot;
  t.equal(slotOf({ networks: 0, disks: 0, cdrom: false }), 2);
  t.equal(slotOf({ networks: 4, disks: 4, cdrom: false }), lastSlot);
  t.equal(slotOf({ networks: 4, disks: 4, cdrom: true }), undefined);
});

t.test('only in 6.2 are the interrupts 8 to 15, of slots from 5 on, lost', async (t) => {
  t.same(
    [2, 3, 4, 5, 10].map((slot) => interruptArrives(generations['6.2'], slot)),
    [true, true, true, false, false],
  );
  t.ok(
    Array.from({ length: lastSlot }, (_, at) => interruptArrives(generations['6.4'], at + 1)).every(Boolean),
  );
});
