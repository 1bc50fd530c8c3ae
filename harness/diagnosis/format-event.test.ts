import t from 'tap';
import type { TraceData } from '../base/trace-event.js';
import { formatEvent, formatEvents } from './format-event.js';

const cases: readonly (readonly [TraceData, string])[] = [
  [{ kind: 'bar-read', offset: 19, width: 1, value: 2 }, 'read isr = 0x2 (config change)'],
  [{ kind: 'bar-read', offset: 19, width: 4, value: 2 }, 'read isr (32 bits) = 0x2'],
  [{ kind: 'bar-write', offset: 20, width: 4, value: 3 }, 'write command = SYNCRTC'],
  [{ kind: 'bar-write', offset: 20, width: 4, value: 9 }, 'write command = 0x9'],
  [{ kind: 'bar-read', offset: 33, width: 1, value: 9 }, 'read offset 33 (8 bits) = 0x9'],
  [
    { kind: 'bar-read', offset: 24, width: 4, value: 0xffffffff, absent: true },
    'read secondsLow = 0xffffffff, the device is absent',
  ],
  [
    { kind: 'bar-read', offset: 18, width: 1, value: 0xff, absent: true },
    'read status = 0xff, the device is absent',
  ],
  [{ kind: 'bar-read', offset: 0, width: 4, value: 7 }, 'read hostFeatures = 0x7 (TIMESYNC, ACK, SYNCRTC)'],
  [{ kind: 'status', value: 7 }, 'device status is 0x7 (ACKNOWLEDGE, DRIVER, DRIVER_OK)'],
  [
    { kind: 'interrupt', line: 'raise', isr: 2, signalled: true },
    'interrupt line raised, ISR 0x2 (config change)',
  ],
  [{ kind: 'interrupt', line: 'lower', isr: 0 }, 'interrupt line lowered'],
  [{ kind: 'ack', value: 2, effect: 'graceful' }, 'acknowledgement REBOOT: graceful'],
  [{ kind: 'timer', name: 'ack', event: 'expired', ms: 3000 }, 'timer ack expired, 3 s'],
  [{ kind: 'sample', us: 1_500_000n }, 'host clock sampled: 1970-01-01T00:00:01.500000Z (1500000 µs)'],
  [{ kind: 'reading', what: 'drift', value: -5n }, 'the driver shows drift -5 ns'],
  [
    { kind: 'ptp-reading', before: 7n, time: 5n, after: 9n },
    'the PTP clock shows 5 ns, the guest 7 before and 9 after it',
  ],
  [
    {
      kind: 'fault',
      protocol: 'vfio-user',
      command: 'REGION_READ',
      outcome: 'value',
      value: 0x80000002,
      delayMs: 0,
    },
    'fault: REGION_READ is answered with 0x80000002',
  ],
  [
    { kind: 'fault', protocol: 'vfio-user', command: 'REGION_READ', delayMs: 300 },
    'fault: REGION_READ is answered after 300 ms',
  ],
  [
    { kind: 'fault', protocol: 'vhost-user', command: 'GET_CONFIG', outcome: 'drop' },
    'fault: GET_CONFIG is not answered',
  ],
  [{ kind: 'qemu-exit', how: 'SIGKILL' }, 'qemu-exit how=SIGKILL'],
];

t.test('formats registers by name, decoded bits and commands, and units', async (t) => {
  for (const [data, text] of cases)
    t.equal(formatEvent({ seq: 12, at: 3456, ...data }), `#12 3.456 ms ${text}`);
});

t.test('shows the value that the guest got from a fault', async (t) => {
  const events: TraceData[] = [
    { kind: 'bar-read', offset: 20, width: 4, value: 2 },
    { kind: 'fault', protocol: 'vfio-user', command: 'REGION_READ', outcome: 'value', value: 0x80000002 },
    { kind: 'bar-read', offset: 20, width: 4, value: 2 },
    { kind: 'bar-read', offset: 20, width: 4, value: 2 },
  ];
  t.same(formatEvents(events.map((event, seq) => ({ seq, at: 0, ...event }))), [
    '#0 0.000 ms read command = REBOOT',
    '#1 0.000 ms fault: REGION_READ is answered with 0x80000002',
    '#2 0.000 ms read command = 0x80000002, by a fault',
    '#3 0.000 ms read command = REBOOT',
  ]);
});
