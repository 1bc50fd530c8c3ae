// vmmci-driver.json: what the harness must know of a driver under test to use it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../errors.js';

export interface DriverDescription {
  readonly name: string;
  /** The Kbuild directory. */
  readonly directory: string;
  /** In load order. */
  readonly modules: readonly string[];
  readonly pciDriver: string;
  readonly virtioDriver: string;
  /** Names of attributes below the virtio device; absent where the driver has none. */
  readonly time?: { readonly hostTime: string; readonly guestTime: string; readonly driftNs: string };
  readonly commands?: { readonly last: string; readonly counts: string };
}

export const descriptionFile = 'vmmci-driver.json';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads `text`, the content of `path`. Throws DRIVER_DESCRIPTION, which names the field. */
export const parseDriver = (path: string, directory: string, text: string): DriverDescription => {
  const refuse = (field: string, reason: string): never => {
    throw new HarnessError('DRIVER_DESCRIPTION', { path, field, reason });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse('(whole)', error instanceof Error ? error.message : String(error));
  }
  if (!isFields(json)) return refuse('(whole)', 'expected an object');
  const string = (fields: Fields, name: string, field = name): string => {
    const value = fields[name];
    return typeof value === 'string' && /^[\w.-]+$/.test(value)
      ? value
      : refuse(field, 'expected a name of letters, digits, ".", "_" and "-"');
  };
  const section = (name: string): Fields | undefined => {
    const value = json[name];
    if (value === undefined) return undefined;
    if (!isFields(value)) return refuse(name, 'expected an object');
    if (value.kind !== 'sysfs') return refuse(`${name}.kind`, 'expected "sysfs"');
    return value;
  };
  const { modules } = json;
  if (!Array.isArray(modules) || modules.length === 0) return refuse('modules', 'expected a list of names');
  const time = section('time');
  const commands = section('commands');
  return {
    name: string(json, 'name'),
    directory,
    modules: modules.map((name: unknown, index) => string({ name }, 'name', `modules[${index}]`)),
    pciDriver: string(json, 'pciDriver'),
    virtioDriver: string(json, 'virtioDriver'),
    ...(time && {
      time: {
        hostTime: string(time, 'hostTime', 'time.hostTime'),
        guestTime: string(time, 'guestTime', 'time.guestTime'),
        driftNs: string(time, 'driftNs', 'time.driftNs'),
      },
    }),
    ...(commands && {
      commands: {
        last: string(commands, 'last', 'commands.last'),
        counts: string(commands, 'counts', 'commands.counts'),
      },
    }),
  };
};

/** The description beside the sources in `directory`. Throws DRIVER_DESCRIPTION. */
export const readDriver = async (directory: string): Promise<DriverDescription> => {
  const path = join(directory, descriptionFile);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'the file is missing' : cause.message;
    throw new HarnessError('DRIVER_DESCRIPTION', { path, field: '(whole)', reason }, cause);
  });
  return parseDriver(path, directory, text);
};
