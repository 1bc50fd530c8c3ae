// The table of all commands. The file of a command is loaded only when the command is used.

import type { CommandTable, Entry } from './define-command.js';

const entry = (summary: string, load: () => Promise<{ readonly command: unknown }>): Entry => ({
  summary,
  // The values of a command have the types of its own options, which this table does not know.
  load: load as Entry['load'],
});

/** In the order of the help. */
export const commands: CommandTable = {
  setup: entry(
    'fetch and build what guests need; does nothing if the cache is complete',
    () => import('./setup.js'),
  ),
  demo: entry(
    'boot a guest, load the driver, and show that it reads the host clock correctly',
    () => import('./demo.js'),
  ),
  init: entry("write the files with which a driver's repository tests its driver", () => import('./init.js')),
  test: entry('run scenarios against a driver', () => import('./test.js')),
  shell: entry('open a terminal in a guest with device and driver', () => import('./shell.js')),
  watch: entry('build and test a driver whenever one of its files is saved', () => import('./watch.js')),
  matrix: entry('run all scenarios on many kernels and write reports', () => import('./matrix.js')),
  report: entry('merge, compare and render reports, or write an issue', () => import('./report.js')),
  transcript: entry(
    "show, store or compare the register accesses of a driver's probe, read, command and remove",
    () => import('./transcript.js'),
  ),
  kernels: entry('list, fetch, build, update and remove kernels', () => import('./kernels.js')),
  cache: entry('list and clear the cache', () => import('./cache.js')),
  doctor: entry('check whether this host can run guests', () => import('./doctor.js')),
  completion: entry('print a completion script for a shell', () => import('./completion.js')),
  backend: entry('serve the vmmci device to a vhost-user front-end', () => import('./backend.js')),
  function: entry('serve the vmmci PCI function to a QEMU of your own', () => import('./function.js')),
  ctl: entry('talk to a running backend or function through its control socket', () => import('./ctl.js')),
  suite: entry('run the tests of one or more tiers', () => import('./suite.js')),
  seeded: entry(
    'check that each known bug in the driver is caught by its scenario',
    () => import('./seeded.js'),
  ),
  coverage: entry('show which lines of a driver the scenarios reach', () => import('./coverage.js')),
  mutate: entry(
    'change the driver in small ways and list the changes that no scenario notices',
    () => import('./mutate.js'),
  ),
  bench: entry('measure a register read relative to a bare echo', () => import('./bench.js')),
  'bench-matrix': entry(
    'measure the kernel matrix: time, overhead of a scenario, memory',
    () => import('./bench-matrix.js'),
  ),
};
