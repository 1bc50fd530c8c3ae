// vmmci-driver.json: describes a driver under test to the harness.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { ifExists } from '../base/if-exists.js';
import { readInput } from '../base/read-input.js';
import {
  boolean,
  fields,
  integer,
  list,
  oneOf,
  optional,
  readFields,
  text,
  variant,
} from '../base/schema.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { type Level, levels } from '../diagnosis/requirement.js';
import { describes, type KnownDriver, knownDrivers } from './known-drivers.js';

/**
 * The sysfs attributes of the virtio device, or of the PCI function if there is none. Missing ones are
 * `undefined`.
 */
export interface SysfsTime {
  readonly kind: 'sysfs';
  /** The host's clock as `seconds.microseconds`, read when the attribute is read. */
  readonly hostTime?: string | undefined;
  /** The guest's clock in the same form. */
  readonly guestTime?: string | undefined;
  /** Host − guest in nanoseconds, measured when the attribute is read. */
  readonly driftNs?: string | undefined;
}

/** Host − guest in two sysctl values, which the driver measures periodically. */
export interface SysctlTime {
  readonly kind: 'sysctl';
  /** The name of the value with the whole seconds: `vmmci.drift_sec`. */
  readonly driftSec: string;
  /** The nanoseconds to add to the seconds: 0 to 999999999. */
  readonly driftNsec: string;
  /** The maximum time between two measurements, in ms. */
  readonly everyMs: number;
}

export interface Parameter {
  /** The module that has the parameter. */
  readonly module: string;
  readonly name: string;
  /** The content of its file in sysfs if the module is loaded without options. */
  readonly default?: string | undefined;
  /** The mode of its file in sysfs, three octal digits. */
  readonly mode?: string | undefined;
}

/** The parameter with the interval of the polls of the command. It can be written at run time. */
export interface PollInterval {
  /** In milliseconds; 0 turns polling off. */
  readonly parameter: string;
  /** What a shorter interval is taken for, in milliseconds. `undefined`: not documented. */
  readonly minMs?: number | undefined;
  /** What a longer interval is taken for, in milliseconds. `undefined`: not documented. */
  readonly maxMs?: number | undefined;
  /** How often the parameter is read again while it is 0, in milliseconds. `undefined`: not documented. */
  readonly idleMs?: number | undefined;
}

export interface DriverDescription {
  /** What reports call the driver. */
  readonly name: string;
  /** The Kbuild directory. */
  readonly directory: string;
  /** In load order. */
  readonly modules: readonly string[];
  /** The name of the PCI driver, as in /sys/bus/pci/drivers. */
  readonly pciDriver: string;
  /**
   * The name of the virtio driver, as in /sys/bus/virtio/drivers. `undefined`: there is no virtio device, the
   * PCI driver does everything.
   */
  readonly virtioDriver?: string | undefined;
  /** Where the driver shows its time; `undefined` if it shows none. */
  readonly time?: SysfsTime | SysctlTime | undefined;
  /** The attributes with the last command and with the number of each command. */
  readonly commands?: { readonly last: string; readonly counts: string } | undefined;
  /**
   * The source for SYNCRTC: the registers of the device, or the RTC, which has whole seconds. `undefined`:
   * the driver does not set the clock.
   */
  readonly syncRtc?: 'registers' | 'rtc' | undefined;
  /**
   * The PTP clock that the driver registers, by its `clock_name` attribute. `undefined`: it registers none.
   */
  readonly ptp?: { readonly clockName: string } | undefined;
  /** The parameters of the modules that scenarios use or check. */
  readonly parameters: readonly Parameter[];
  /** `undefined`: the interval of the polls cannot be set. */
  readonly pollInterval?: PollInterval | undefined;
  /** When the driver logs each acknowledgement, and each time sample. `undefined`: it logs neither. */
  readonly logLevels?: LogLevels | undefined;
  /** The lines, or parts of lines, that the driver writes to the kernel log, by event. */
  readonly logLines?: Readonly<Partial<Record<LogEvent, string>>> | undefined;
  /**
   * What the lines of the driver contain if they name neither its modules and drivers nor the address of the
   * function.
   */
  readonly logPrefix?: string | undefined;
  /** The lowest level of requirements that fails a scenario; `undefined`: `should`. */
  readonly level?: Level | undefined;
  /** False if the driver requests no interrupt: it finds each command by polling. */
  readonly interrupts: boolean;
  /**
   * The values of parameters that stop all polling: the driver then reads the command only after an
   * interrupt.
   */
  readonly quiet: Readonly<Record<string, string>>;
}

export interface LogLevels {
  /** The parameter that sets the level. */
  readonly parameter: string;
  /** The lowest value of the parameter at which the driver logs each acknowledgement. */
  readonly acknowledgements: string;
  /** The lowest value of the parameter at which the driver logs each time sample. */
  readonly samples: string;
  /** A part of the line about the acknowledgement of SYNCRTC. It ends with the name of the command. */
  readonly acknowledged?: string | undefined;
  /** True if each poll takes a time sample at the level for samples. */
  readonly samplesInPolls?: boolean | undefined;
}

/**
 * `features`: the driver is up; the names of the features in use follow, each after a space. `stale`: the
 * command register had a stop when the driver came up. `absent`: the device did not respond in probe.
 * `unreadable`, `unset`: SYNCRTC could not read the time (ENODATA), or could not set the clock (EINVAL).
 * `sample`: a reading at the debug level for samples, when the host's clock shows
 * 2026-11-22T12:34:56.000007Z. The lines of `absent`, `unknown`, `unreadable` and `unset` are warnings or
 * errors, the others are not.
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
  | 'unset'
  | 'sample';

/** The names of the PCI driver and, if there is one, of the virtio driver. */
export const driverNames = ({
  pciDriver,
  virtioDriver,
}: Pick<DriverDescription, 'pciDriver' | 'virtioDriver'>): string[] => [
  pciDriver,
  ...(virtioDriver === undefined ? [] : [virtioDriver]),
];

export const descriptionFile = 'vmmci-driver.json';

const name = text(/^[\w.-]+$/, 'a name of letters, digits, ".", "_" and "-"');
const value = text(/^[\w.-]+$/, 'the value of a parameter');
const line = text(/^[^\n]{1,200}$/, 'a part of a line of the kernel log, of up to 200 characters');
const sysctl = text(/^[\w-]+(\.[\w-]+)+$/, 'the name of a sysctl value, such as "vmmci.drift_sec"');

/** What a parameter of this name means in a description from before `pollInterval`. */
const earlierPolls: PollInterval = {
  parameter: 'drift_interval_ms',
  minMs: 10,
  maxMs: 3_600_000,
  idleMs: 1000,
};

/** A day. */
const maxPollMs = 86_400_000;

/** vmmci-driver.schema.json is the same schema for editors. */
const descriptionSchema = fields({
  $schema: optional(v.unknown()),
  description: optional(v.unknown()),
  name,
  modules: list(text(/^\w+$/, 'the name of a module'), 1),
  pciDriver: name,
  virtioDriver: optional(name),
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
  pollInterval: optional(
    fields({
      parameter: name,
      minMs: optional(integer(1, maxPollMs)),
      maxMs: optional(integer(1, maxPollMs)),
      idleMs: optional(integer(1, maxPollMs)),
    }),
  ),
  logLevels: optional(
    fields({
      parameter: name,
      acknowledgements: value,
      samples: value,
      acknowledged: optional(text(/^[^\n]{1,100}SYNCRTC$/, 'a part of a line that ends with SYNCRTC')),
      samplesInPolls: optional(boolean),
    }),
  ),
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
      sample: optional(line),
    }),
  ),
  logPrefix: optional(line),
  level: optional(oneOf(levels)),
  interrupts: optional(boolean),
  quiet: optional(v.record(v.string(), value, 'expected an object')),
});

/** Parses `content`, the content of `path`. Throws DRIVER_DESCRIPTION, which names the field. */
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
    interrupts = true,
    quiet = {},
    ...rest
  } = readFields(descriptionSchema, json, refuse);
  const hasParameter = (asked: string): boolean => parameters.some(({ name }) => name === asked);
  const { pollInterval = hasParameter(earlierPolls.parameter) ? earlierPolls : undefined } = rest;
  if (pollInterval !== undefined && !hasParameter(pollInterval.parameter))
    refuse('pollInterval.parameter', `"${pollInterval.parameter}" is not the name of one of the parameters`);
  return { ...rest, directory, parameters, pollInterval, interrupts, quiet };
};

/** The concatenated C files of a directory. */
const readSources = async (directory: string): Promise<string> => {
  const files = (await readdir(directory)).filter((file) => /\.[ch]$/.test(file)).sort();
  return (await Promise.all(files.map((file) => readInput(join(directory, file))))).join('\n');
};

/**
 * Finds the description of the driver in `directory`: the one that `chosen` names (a known driver or a file),
 * otherwise the file beside the sources, otherwise that of a known driver with the same modules. Rejects with
 * DRIVER_DESCRIPTION, or INVALID_VALUE if `chosen` is neither a known driver nor a file.
 */
export const readDriver = async (directory: string, chosen?: string): Promise<DriverDescription> => {
  const known = chosen === undefined ? undefined : knownDrivers.find(({ name }) => name === chosen);
  const refuse = (cause: unknown): never => {
    throw new HarnessError('DRIVER_SOURCE', { directory, reason: messageOf(cause) }, cause);
  };
  const fromText = (text: string, path: string) => parseDriver(path, directory, text);
  /** Of a known driver, for the version in the directory. */
  const ofVersion = async (driver: KnownDriver): Promise<DriverDescription> => {
    const sources = await readSources(directory).catch(refuse);
    return fromText(JSON.stringify(driver.fieldsFor(sources)), driver.name);
  };
  if (known !== undefined) return ofVersion(known);
  const path = chosen ?? join(directory, descriptionFile);
  const text = await readInput(path).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw new HarnessError('DRIVER_DESCRIPTION', { path, field: '(whole)', reason: messageOf(cause) }, cause);
  });
  if (text !== undefined) return fromText(text, path);
  const names = knownDrivers.map(({ name }) => name).join(', ');
  if (chosen !== undefined)
    throw new HarnessError('INVALID_VALUE', {
      name: '--driver-description or VMMCI_DRIVER_DESCRIPTION',
      expected: `a file, or a known driver (${names})`,
      value: chosen,
    });
  await readdir(directory).catch(refuse);
  const kbuild = await Promise.all(
    ['Kbuild', 'Makefile'].map((file) => ifExists(readInput(join(directory, file))).catch(refuse)),
  );
  const matching = knownDrivers.find((driver) => describes(driver, kbuild.join('\n')));
  if (matching !== undefined) return ofVersion(matching);
  throw new HarnessError('DRIVER_DESCRIPTION', {
    path,
    field: '(whole)',
    reason: `the file is missing; write it with vmmci init, or choose a known driver with --driver-description (${names})`,
  });
};
