// Parses fault plans, which are JSON that people write.

import type * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { fields, integer, list, number, oneOf, optional, readFields, text, variant } from '../base/schema.js';
import type { Effect, FaultPlan } from './fault.js';

const u32 = integer(0, 0xffffffff);
const hourMs = 3_600_000;
const position = integer(1, Number.MAX_SAFE_INTEGER);

const when = optional(
  fields({
    protocol: optional(oneOf(['vfio-user', 'vhost-user'])),
    command: optional(text(/^[A-Z][A-Z0-9_]*$/, 'the name of a command, such as REGION_READ or GET_CONFIG')),
    region: optional(integer(0, 8)),
    offset: optional(u32),
    width: optional(integer(1, 65536)),
    from: optional(position),
    times: optional(position),
    probability: optional(number(0, 1)),
  }),
);

/** The schema of each kind of fault. */
const faults = {
  delay: fields({ kind: oneOf(['delay']), ms: integer(0, hourMs), when }),
  drop: fields({ kind: oneOf(['drop']), when }),
  error: fields({ kind: oneOf(['error']), errno: integer(1, 4095), when }),
  short: fields({ kind: oneOf(['short']), bytes: integer(0, 255), when }),
  disconnect: fields({ kind: oneOf(['disconnect']), when }),
  ones: fields({ kind: oneOf(['ones']), when }),
  value: fields({ kind: oneOf(['value']), value: u32, when }),
  'clock-jump': fields({
    kind: oneOf(['clock-jump']),
    us: integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    when,
  }),
} satisfies Record<Effect['kind'], v.GenericSchema<unknown, unknown>>;

const plan = fields({ seed: optional(u32), faults: list(variant('kind', faults)) });

/** Checks parsed JSON: `{seed?, faults: [...]}`. Throws FAULT_PLAN, which names the wrong field. */
export const parseFaultPlan = (value: unknown): FaultPlan =>
  readFields(plan, value, (field, reason) => {
    throw new HarnessError('FAULT_PLAN', { where: field === '' ? 'plan' : field, reason });
  });
