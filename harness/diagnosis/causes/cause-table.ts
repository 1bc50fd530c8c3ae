// All causes by their ids.

import { accessCauses } from './access-causes.js';
import { actionCauses } from './action-causes.js';
import { bindCauses } from './bind-causes.js';
import { buildCauses } from './build-causes.js';
import { clockCauses } from './clock-causes.js';
import { commandCauses } from './command-causes.js';
import { contractCauses } from './contract-causes.js';
import { crashCauses } from './crash-causes.js';
import { debugCauses } from './debug-causes.js';
import { driftCauses } from './drift-causes.js';
import { endCauses } from './end-causes.js';
import { hangCauses } from './hang-causes.js';
import { interruptCauses } from './interrupt-causes.js';
import { lifeCauses } from './life-causes.js';
import { lineCauses } from './line-causes.js';
import { logCauses } from './log-causes.js';
import { neighbourCauses } from './neighbour-causes.js';
import { offsetCauses } from './offset-causes.js';
import { pollCauses } from './poll-causes.js';
import { ptpCauses } from './ptp-causes.js';
import { sleepCauses } from './sleep-causes.js';
import { stopCauses } from './stop-causes.js';
import { syncCauses } from './sync-causes.js';
import { timeCauses } from './time-causes.js';
import { userCauses } from './user-causes.js';

export const causes = {
  ...accessCauses,
  ...interruptCauses,
  ...commandCauses,
  ...actionCauses,
  ...pollCauses,
  ...stopCauses,
  ...endCauses,
  ...clockCauses,
  ...timeCauses,
  ...offsetCauses,
  ...driftCauses,
  ...syncCauses,
  ...ptpCauses,
  ...bindCauses,
  ...lifeCauses,
  ...neighbourCauses,
  ...sleepCauses,
  ...userCauses,
  ...contractCauses,
  ...lineCauses,
  ...logCauses,
  ...crashCauses,
  ...hangCauses,
  ...debugCauses,
  ...buildCauses,
} as const;

export type CauseId = keyof typeof causes;

export const isCauseId = (id: string): id is CauseId => Object.hasOwn(causes, id);
