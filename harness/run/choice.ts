// What a run uses, as chosen by the user. It is plain data, because it is passed to worker processes.

import * as v from 'valibot';
import { asset } from '../../images/asset.js';
import { defaultKernelName } from '../../images/kernels/table.js';
import { levels } from '../diagnosis/requirements.js';
import { defaultGeneration, generationNames } from '../vmmci/generations.js';

const schema = v.strictObject({
  /** A row of the kernel table, or `dir:PATH` with an absolute path. */
  kernel: v.string(),
  /** The Kbuild directory of the driver, absolute. */
  driver: v.string(),
  /**
   * The name of a known driver, or the absolute path of a description; default: the file beside the driver.
   */
  description: v.optional(v.string()),
  /** Parameters for the guest's kernel, in addition to those that every guest gets. */
  kernelParameters: v.optional(v.string()),
  /** A directory with the driver's modules, already built for this kernel. */
  modules: v.optional(v.string()),
  /** The absolute path of a directory with scenario files of the driver's own repository. */
  scenarios: v.optional(v.string()),
  /** The absolute path of a QEMU of the host; default: the QEMU of the tool root. */
  qemu: v.optional(v.string()),
  /** The generation for scenarios that do not name one. */
  generation: v.picklist(generationNames),
  /**
   * The lowest level of requirements that fails a scenario; lower levels are advice. Default: that of the
   * driver's description.
   */
  level: v.optional(v.picklist(levels)),
  /** The absolute path of the run directory, for artifacts. */
  run: v.string(),
  /** The modules are instrumented: collect which of their probes are passed. */
  coverage: v.optional(v.boolean()),
  /** Also keep the artifacts of scenarios that pass. */
  keep: v.boolean(),
  /** Open a terminal in the guest of a scenario at its first failed check. */
  shell: v.optional(v.boolean()),
  /** Keep the memory of a guest that panics, hangs or goes down in a scenario that does not pass. */
  dump: v.optional(v.boolean()),
  /** Run only the scenarios with these names or patterns; default: all scenarios of a file. */
  only: v.optional(v.array(v.string())),
});

export type Choice = Readonly<v.InferOutput<typeof schema>>;

/** The part of a choice that is the same for all kernels and generations of a run. */
export type SharedChoice = Pick<
  Choice,
  'kernelParameters' | 'driver' | 'description' | 'scenarios' | 'qemu' | 'level' | 'keep'
>;

/** The default: the bundled driver on the default kernel. */
export const defaultChoice = (run: string): Choice => ({
  kernel: defaultKernelName,
  driver: asset('driver'),
  generation: defaultGeneration,
  run,
  keep: false,
});

/** Parses what another process wrote with JSON.stringify. Throws if it is not a choice. */
export const readChoice = (text: string): Choice => v.parse(schema, JSON.parse(text));
