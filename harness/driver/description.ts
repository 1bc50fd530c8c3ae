// vmmci-driver.json: what the harness must know of a driver under test to use it.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { fields, integer, list, oneOf, optional, readFields, text, variant } from '../base/schema.js';
import { messageOf } from '../base/thrown.js';
import { describes, knownDrivers } from './known-drivers.js';

/** Attributes below the virtio device. Those that a driver does not have are left out. */
export interface SysfsTime {
  readonly kind: 'sysfs';
  /** `seconds.microseconds` of the host's clock, read at that moment. */
  readonly hostTime?: string | undefined;
  /** The same of the guest's. */
  readonly guestTime?: string | undefined;
  /** Host − guest in nanoseconds, measured at that moment. */
  readonly driftNs?: string | undefined;
}

/** Host − guest in two sysctl values, measured by the driver in its own time. */
export interface SysctlTime {
  readonly kind: 'sysctl';
  readonly driftSec: string;
  /** What is to be added to the seconds: 0 to 999999999. */
  readonly driftNsec: string;
  /** Longest time between two measurements. */
  readonly everyMs: number;
}

export interface Parameter {
  readonly module: string;
  readonly name: string;
  /** As its file in sysfs shows it when the module was loaded without options. */
  readonly default?: string | undefined;
  /** Of its file in sysfs, three octal digits. */
  readonly mode?: string | undefined;
}

export interface DriverDescription {
  readonly name: string;
  /** The Kbuild directory. */
  readonly directory: string;
  /** In load order. */
  readonly modules: readonly string[];
  readonly pciDriver: string;
  readonly virtioDriver: string;
  /** Where the clock can be read; absent where the driver shows none of it. */
  readonly time?: SysfsTime | SysctlTime | undefined;
  /** Attributes below the virtio device: the last command, and how often each came. */
  readonly commands?: { readonly last: string; readonly counts: string } | undefined;
  /**
   * What SYNCRTC sets the clock from: the device's registers, or the RTC and so to the second. Absent: it
   * does not.
   */
  readonly syncRtc?: 'registers' | 'rtc' | undefined;
  /**
   * The PTP clock that it registers, by the name in its `clock_name` attribute. Absent: it registers none.
   */
  readonly ptp?: { readonly clockName: string } | undefined;
  readonly parameters: readonly Parameter[];
  /**
   * Values of a parameter from which on the driver logs each acknowledgement, and each time sample too.
   * Absent: it does not.
   */
  readonly logLevels?:
    | { readonly parameter: string; readonly acknowledgements: string; readonly samples: string }
    | undefined;
  /** Lines that the driver writes to the kernel log, or parts of them, by what has happened. */
  readonly logLines?: Readonly<Partial<Record<LogEvent, string>>> | undefined;
  /** Values of parameters with which the driver looks at the command only when it is interrupted. */
  readonly quiet: Readonly<Record<string, string>>;
}

/**
 * `features`: the driver came up; the names of the features in use follow, each after a blank. `stale`: a stop
 * was in the register when it came up. `absent`: the device did not respond in probe. `unreadable`, `unset`:
 * SYNCRTC found no time, or could not set the clock.
 */
export type LogEvent =
  | 'features'
  | 'stale'
  | 'absent'
  | 'SHUTDOWN'
  | 'REBOOT'
  | 'SYNCRTC'
  | 'unknown'
  | 'set'
  | 'unreadable'
  | 'unset';

export const descriptionFile = 'vmmci-driver.json';

const name = text(/^[\w.-]+$/, 'a name of letters, digits, ".", "_" and "-"');
const value = text(/^[\w.-]+$/, 'the value of a parameter');
const line = text(/^[^\n]{1,200}$/, 'a part of a line of the kernel log, of up to 200 characters');
const sysctl = text(/^[\w-]+(\.[\w-]+)+$/, 'the name of a sysctl value, such as "vmmci.drift_sec"');

/** vmmci-driver.schema.json says the same to editors. */
const descriptionSchema = fields({
  $schema: optional(v.unknown()),
  description: optional(v.unknown()),
  name,
  modules: list(text(/^\w+$/, 'the name of a module'), 1),
  pciDriver: name,
  virtioDriver: name,
  time: optional(
    variant('kind', {
      sysfs: fields({
        kind: oneOf(['sysfs']),
        hostTime: optional(name),
        guestTime: optional(name),
        driftNs: optional(name),
      }),
      sysctl: fields({
        kind: oneOf(['sysctl']),
        driftSec: sysctl,
        driftNsec: sysctl,
        everyMs: integer(1, 3_600_000),
      }),
    }),
  ),
  commands: optional(fields({ kind: oneOf(['sysfs']), last: name, counts: name })),
  syncRtc: optional(oneOf(['registers', 'rtc'])),
  ptp: optional(fields({ clockName: name })),
  parameters: optional(
    list(
      fields({
        module: name,
        name,
        default: optional(value),
        mode: optional(text(/^[0-7]{3}$/, 'three octal digits')),
      }),
      1,
    ),
  ),
  logLevels: optional(fields({ parameter: name, acknowledgements: value, samples: value })),
  logLines: optional(
    fields({
      features: optional(line),
      stale: optional(line),
      absent: optional(line),
      SHUTDOWN: optional(line),
      REBOOT: optional(line),
      SYNCRTC: optional(line),
      unknown: optional(line),
      set: optional(line),
      unreadable: optional(line),
      unset: optional(line),
    }),
  ),
  quiet: optional(v.record(v.string(), value, 'expected an object')),
});

/** Reads `content`, the content of `path`. Throws DRIVER_DESCRIPTION, which names the field. */
export const parseDriver = (path: string, directory: string, content: string): DriverDescription => {
  const refuse = (field: string, reason: string): never => {
    throw new HarnessError('DRIVER_DESCRIPTION', { path, field: field === '' ? '(whole)' : field, reason });
  };
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    return refuse('', messageOf(error));
  }
  const {
    $schema,
    description,
    parameters = [],
    quiet = {},
    ...rest
  } = readFields(descriptionSchema, json, refuse);
  return { ...rest, directory, parameters, quiet };
};

/** The texts of all C files of a directory. */
const readSources = async (directory: string): Promise<string> => {
  const files = (await readdir(directory)).filter((file) => /\.[ch]$/.test(file)).sort();
  return (await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')))).join('\n');
};

/**
 * The description of the driver in `directory`: the one that `chosen` names, which is a known driver or a
 * file; else the file beside the sources; else that of a known driver which the sources look like.
 * DRIVER_DESCRIPTION; INVALID_VALUE if nothing of all this is there; DRIVER_SOURCE if there is no directory.
 */
export const readDriver = async (directory: string, chosen?: string): Promise<DriverDescription> => {
  const known = chosen === undefined ? undefined : knownDrivers.find(({ name }) => name === chosen);
  const fromText = (text: string, path: string) => parseDriver(path, directory, text);
  if (known !== undefined) return fromText(known.text, known.name);
  const path = chosen ?? join(directory, descriptionFile);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new HarnessError('DRIVER_DESCRIPTION', { path, field: '(whole)', reason: cause.message }, cause);
  });
  if (text !== undefined) return fromText(text, path);
  const names = knownDrivers.map(({ name }) => name).join(', ');
  if (chosen !== undefined)
    throw new HarnessError('INVALID_VALUE', {
      name: '--driver-description',
      expected: `a file, or a known driver (${names})`,
      value: chosen,
    });
  await readdir(directory).catch((cause: unknown) => {
    throw new HarnessError('DRIVER_SOURCE', { directory, reason: messageOf(cause) }, cause);
  });
  const kbuild = await Promise.all(
    ['Kbuild', 'Makefile'].map((file) => readFile(join(directory, file), 'utf8').catch(() => '')),
  );
  const alike = knownDrivers.find((driver) => describes(driver, kbuild.join('\n')));
  if (alike !== undefined)
    return fromText(JSON.stringify(alike.fieldsFor(await readSources(directory))), alike.name);
  throw new HarnessError('DRIVER_DESCRIPTION', {
    path,
    field: '(whole)',
    reason: `the file is missing; write it with vmmci init, or choose a known driver with --driver-description (${names})`,
  });
};
