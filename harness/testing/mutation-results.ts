// Results of mutants, for tests.

import type { MutantResult, MutationKey } from '../mutation/result.js';

export const mutationKey: MutationKey = {
  sources: 'abc',
  kernel: '6.12-cloud',
  generation: '8.0',
  level: 'should',
  kernelParameters: '',
};

export const survivor: MutantResult = {
  id: 'a.c:1:2 operator < → <=',
  file: 'a.c',
  line: 1,
  operator: 'operator',
  function: 'f',
  before: '<',
  after: '<=',
  status: 'survived',
  by: '',
  reason: '',
  causes: [],
  scenarios: 3,
  seconds: 1.5,
  hints: ['the value at the limit may never occur'],
};
