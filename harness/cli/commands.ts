// The commands of `vmmci`. A command's file is loaded only when the command is used.
import type { CommandTable, Entry } from './define-command.js';

const entry = (summary: string, load: () => Promise<{ readonly command: unknown }>): Entry => ({
  summary,
  // The values of a command are typed by its own options, which only that command knows.
  load: load as Entry['load'],
});

/** In the order of the help. */
export const commands: CommandTable = {
  setup: entry(
    'fetch and build what guests need; does nothing where all is there',
    () => import('./setup.js'),
  ),
  demo: entry(
    'boot a guest, load the driver, and show that it reads the host clock right',
    () => import('./demo.js'),
  ),
  init: entry("write the files with which a driver's repository tests its driver", () => import('./init.js')),
  test: entry('run the scenarios against a driver of your own', () => import('./test.js')),
  watch: entry('build and try a driver whenever one of its files is saved', () => import('./watch.js')),
  matrix: entry('run all scenarios on many kernels, and report', () => import('./matrix.js')),
  report: entry('join the reports of shards, compare those of two runs', () => import('./report.js')),
  transcript: entry(
    "show, store or compare the register accesses of a driver's probe, read, command and remove",
    () => import('./transcript.js'),
  ),
  kernels: entry('list, fetch, update and remove kernels', () => import('./kernels.js')),
  cache: entry('list what is kept between runs, and remove it', () => import('./cache.js')),
  doctor: entry('find what on this host keeps runs from working', () => import('./doctor.js')),
  completion: entry('print a completion script for a shell', () => import('./completion.js')),
  backend: entry('serve the vmmci device to a vhost-user front-end', () => import('./backend.js')),
  function: entry('serve the vmmci PCI function to a QEMU of your own', () => import('./function.js')),
  ctl: entry('talk to a running backend or function through its control socket', () => import('./ctl.js')),
  suite: entry('run the tests of one or more tiers', () => import('./suite.js')),
  seeded: entry(
    'put known bugs into the driver, one at a time, and see each caught by its scenario',
    () => import('./seeded.js'),
  ),
  bench: entry('measure what a register read costs, as a ratio to a bare echo', () => import('./bench.js')),
  'bench-matrix': entry(
    'measure the kernel matrix: time, overhead of a scenario, memory',
    () => import('./bench-matrix.js'),
  ),
};
