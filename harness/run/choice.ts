// What a run was asked to use: plain data, which also goes to the processes that run scenarios.
import * as v from 'valibot';
import { asset } from '../../images/asset.js';
import { defaultKernelName } from '../../images/kernels/table.js';
import { levels } from '../diagnosis/requirements.js';
import { DEFAULT_GENERATION, generationNames } from '../vmmci/generations.js';

const schema = v.strictObject({
  /** A row of the kernel table, or `dir:PATH` with an absolute path. */
  kernel: v.string(),
  /** The Kbuild directory of the driver, absolute. */
  driver: v.string(),
  /** The name of a known driver's description, or a file with one, absolute; else the one beside the driver. */
  description: v.optional(v.string()),
  /** A directory with the driver's modules, built already for this kernel. */
  modules: v.optional(v.string()),
  /** A directory with scenario files of the driver's own repository, absolute. */
  scenarios: v.optional(v.string()),
  /** A QEMU of the host's, absolute; else the tool root's. */
  qemu: v.optional(v.string()),
  /** For scenarios that do not name one themselves. */
  generation: v.picklist(generationNames),
  /** The lowest level of requirements that fails a scenario; what is below it is advice. */
  level: v.picklist(levels),
  /** Where the artifacts of this run go, absolute. */
  run: v.string(),
  /** Keep the artifacts of scenarios that pass, too. */
  keep: v.boolean(),
  /** Run only the scenarios with these names; else all of a file. */
  only: v.optional(v.array(v.string())),
});

export type Choice = Readonly<v.InferOutput<typeof schema>>;

/** What all kernels and generations of a run share. */
export type SharedChoice = Pick<Choice, 'driver' | 'description' | 'scenarios' | 'qemu' | 'level' | 'keep'>;

/** What is chosen where nobody chooses: the bundled driver on the default kernel. */
export const defaultChoice = (run: string): Choice => ({
  kernel: defaultKernelName,
  driver: asset('driver'),
  generation: DEFAULT_GENERATION,
  level: 'may',
  run,
  keep: false,
});

/** As another process wrote it with JSON.stringify. Throws when it is something else. */
export const readChoice = (text: string): Choice => v.parse(schema, JSON.parse(text));
