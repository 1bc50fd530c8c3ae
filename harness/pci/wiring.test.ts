// Tests whether an interrupt reaches the guest, depending on the slot and the interrupt pin.

import t from 'tap';
import { FakeFrontEnd } from '../testing/fake-front-end.js';
import { type GenerationName, generations } from '../vmmci/generations.js';
import { PciFunction } from './function.js';

const CONFIG = 7;

const setUp = async (generation: GenerationName, slot?: number) => {
  let signals = 0;
  const frontEnd = new FakeFrontEnd();
  const pci = new PciFunction({
    generation: generations[generation],
    slot,
    eventfds: { signal: () => signals++, close: () => {} },
  });
  await pci.attach(frontEnd);
  pci.arm(1);
  const read = async (offset: number) => (await pci.read(0, offset, 1))[0];
  return { pci, frontEnd, read, signals: () => signals };
};

t.test('8.0: interrupt pin 0 disables interrupts, but ISR is still set', async (t) => {
  for (const [generation, signalled] of [
    ['7.8', 1],
    ['8.0', 0],
  ] as const) {
    const { pci, frontEnd, signals, read } = await setUp(generation);
    await pci.write(CONFIG, 0x3c, Buffer.of(0, 0, 0, 0));
    frontEnd.change();
    t.equal(signals(), signalled, generation);
    t.equal(await read(19), 2);
    await pci.reset();
    frontEnd.change();
    t.equal(signals(), 1, 'a reset restores the pin');
  }
});

t.test('6.2: in slot 5 and later no interrupt arrives, but the command can be read', async (t) => {
  for (const [generation, slot, signalled] of [
    ['6.2', undefined, 1],
    ['6.2', 4, 1],
    ['6.2', 5, 0],
    ['6.4', 5, 1],
  ] as const) {
    const { frontEnd, signals, read } = await setUp(generation, slot);
    frontEnd.change();
    t.equal(signals(), signalled, `${generation} in slot ${slot}`);
    t.same([await read(20), await read(19)], [2, 2]);
  }
});
