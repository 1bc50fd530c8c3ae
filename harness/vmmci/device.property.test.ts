// Compares random sequences of accesses with a model that is independent of the device: a flat record,
// absolute deadlines, and one long function.

import fc from 'fast-check';
import t from 'tap';
import { Vmmci } from './device.js';
import { type GenerationName, generationNames, generations } from './generations.js';
import { VirtualScheduler } from './scheduler.js';

type Op =
  | { do: 'read'; offset: number; size: number }
  | { do: 'write'; offset: number; bytes: number[] }
  | { do: 'status'; value: number }
  | { do: 'features'; value: bigint }
  | { do: 'command'; name: 'SHUTDOWN' | 'REBOOT' | 'SYNCRTC' }
  | { do: 'clock'; us: bigint }
  | { do: 'wait'; ms: number }
  | { do: 'reset' };

const clean = () => ({
  cmd: 0,
  status: 0,
  features: 0n,
  latched: null as bigint | null,
  deadline: null as { at: number; name: 'ack' | 'graceful' } | null,
  interrupts: 0,
  acks: 0,
});

/** What the model shows after each step, as text. */
const model = (name: GenerationName, ops: readonly Op[]): string[] => {
  const year = {
    '6.2': 17,
    '6.4': 18,
    '6.5': 19,
    '7.3': 23,
    '7.4': 23.5,
    '7.7': 25,
    '7.8': 25.5,
    '7.9': 26,
    '8.0': 26.5,
  }[name];
  let vm = clean();
  let clock = 0n;
  let now = 0;
  const log: string[] = [];
  const dword = (offset: number): number => {
    if (offset === 0) return vm.cmd;
    if (offset === 4) vm.latched = clock;
    if (offset === 4) return Number((clock / 1000000n) % 4294967296n);
    if (offset === 12 && vm.latched !== null) return Number(vm.latched % 1000000n);
    return 0;
  };
  for (const op of ops) {
    let seen = '';
    if (op.do === 'read' && [0, 4, 8, 12, 16].includes(op.offset) && op.offset + op.size <= 20) {
      let left = op.size;
      for (let at = op.offset; left > 0; at += 4) {
        let value = dword(at);
        for (let i = 0; i < 4 && left > 0; i++, left--) {
          seen += (value % 256).toString(16).padStart(2, '0');
          value = Math.floor(value / 256);
        }
      }
    }
    if (op.do === 'write' && op.offset === 0 && op.bytes.length > 0) {
      let value = 0;
      for (let i = 0; i < 4; i++) value += (op.bytes[i] ?? 0) * 256 ** i;
      if (value === 3) {
        vm.cmd = 0;
        vm.acks++;
      } else if (value === 1 && vm.cmd === 0) {
        vm.deadline = { at: now + 3000, name: 'ack' };
      } else if ((value === 1 || value === 2) && value === vm.cmd) {
        vm.acks++;
        if (year >= 25 || vm.deadline)
          vm.deadline = { at: now + (year < 21 ? 30000 : 120000), name: 'graceful' };
      }
    }
    if (op.do === 'status') vm.status = op.value % 256;
    if (op.do === 'features') vm.features = op.value % 4294967296n;
    if (op.do === 'command') {
      const cmd = { SHUTDOWN: 1, REBOOT: 2, SYNCRTC: 3 }[op.name];
      if (Math.floor(vm.status / 4) % 2 === 0) seen = 'no-driver';
      else if (cmd === vm.cmd) seen = 'unchanged';
      else if (cmd === 3 && (vm.features / 4n) % 2n === 0n) seen = 'not-negotiated';
      else {
        seen = 'sent';
        vm.cmd = cmd;
        vm.interrupts++;
        if (cmd < 3) vm.deadline = { at: now + 3000, name: 'ack' };
      }
    }
    if (op.do === 'clock') clock = op.us;
    if (op.do === 'wait') {
      now += op.ms;
      if (vm.deadline && vm.deadline.at <= now) {
        seen = `${vm.deadline.name} ${vm.cmd === 2 ? 'REBOOT' : 'SHUTDOWN'} ${name === '7.8' ? 'crash' : 'exit'}`;
        vm.deadline = null;
      }
    }
    if (op.do === 'reset') vm = clean();
    const timer = vm.deadline ? `${vm.deadline.name} ${vm.deadline.at - now}` : '';
    const cmd = ['NONE', 'SHUTDOWN', 'REBOOT', 'SYNCRTC'][vm.cmd];
    log.push([seen, cmd, vm.status, vm.features, vm.latched, timer, vm.interrupts, vm.acks].join('|'));
  }
  return log;
};

/** What the device shows after each step, as text. */
const device = (name: GenerationName, ops: readonly Op[]): string[] => {
  const scheduler = new VirtualScheduler();
  let us = 0n;
  const vmmci = new Vmmci({ generation: generations[name], clock: { now: () => us, spec: '' }, scheduler });
  let interrupts = 0;
  let seen = '';
  vmmci.onConfigChange(() => {
    interrupts += 1;
  });
  vmmci.onExpiry(({ timer, request, outcome }) => {
    seen += `${timer} ${request} ${outcome}`;
  });
  const perform = (op: Op): string | undefined => {
    if (op.do === 'read') return vmmci.readConfig(op.offset, op.size).toString('hex');
    if (op.do === 'write') vmmci.writeConfig(op.offset, Buffer.from(op.bytes));
    if (op.do === 'status') vmmci.setStatus(op.value);
    if (op.do === 'features') vmmci.setGuestFeatures(op.value);
    if (op.do === 'command') return vmmci.command(op.name);
    if (op.do === 'clock') us = op.us;
    if (op.do === 'wait') scheduler.advance(op.ms);
    if (op.do === 'reset') {
      vmmci.reset();
      interrupts = 0;
    }
    return undefined;
  };
  return ops.map((op) => {
    seen = '';
    const result = perform(op) ?? '';
    const { command, status, guestFeatures, lastSample, timers, acks, configChanges } = vmmci.state();
    const timer = timers.map(({ name, remainingMs }) => `${name} ${remainingMs}`).join();
    const count =
      configChanges === interrupts ? interrupts : `${configChanges} counted, ${interrupts} signalled`;
    return [result + seen, command, status, guestFeatures, lastSample, timer, count, acks].join('|');
  });
};

const small = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 3) },
  { weight: 1, arbitrary: fc.nat(255) },
);
const word = fc.tuple(small, fc.constant(0), fc.constant(0), fc.constant(0));
const offset = fc.oneof(fc.constantFrom(0, 0, 4, 8, 12, 16), fc.nat(40));
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({
    do: fc.constant('read' as const),
    offset,
    size: fc.oneof(fc.constantFrom(1, 2, 4), fc.nat(40)),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      offset: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, offset),
      bytes: fc.oneof({ weight: 3, arbitrary: word }, fc.array(small, { maxLength: 12 })),
    }),
  },
  fc.record({ do: fc.constant('status' as const), value: fc.oneof(fc.constantFrom(0, 7, 7), fc.nat(511)) }),
  fc.record({
    do: fc.constant('features' as const),
    value: fc.oneof(fc.constantFrom(3n, 7n), fc.bigInt(0n, 2n ** 64n - 1n)),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('command' as const),
      name: fc.constantFrom('SHUTDOWN' as const, 'REBOOT' as const, 'SYNCRTC' as const),
    }),
  },
  fc.record({ do: fc.constant('clock' as const), us: fc.bigInt(0n, 2n ** 53n) }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(4000), fc.constantFrom(2999, 3000, 29999, 30000, 119999, 120000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const) }) },
);
/** Sets the driver up, so that most commands are sent. */
const start: readonly Op[] = [
  { do: 'features', value: 7n },
  { do: 'status', value: 7 },
];

for (const name of generationNames) {
  t.test(name, async () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(op, { maxLength: 60 }), (up, random) => {
        const ops = up ? [...start, ...random] : random;
        const [expected, seen] = [model(name, ops), device(name, ops)];
        const at = expected.findIndex((line, index) => line !== seen[index]);
        if (at >= 0) throw new Error(`step ${at}: expected ${expected[at]}, seen ${seen[at]}`);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
}
