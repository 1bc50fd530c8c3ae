// Extracts from the sources of a driver what a first vmmci-driver.json needs.

import { modulesIn } from './known-drivers.js';

export interface Inspection {
  /** In load order: the transport first. */
  readonly modules: readonly string[];
  readonly pciDriver: string | undefined;
  readonly virtioDriver: string | undefined;
  readonly time: Readonly<Record<string, string | number>> | undefined;
  readonly parameters: readonly { readonly module: string; readonly name: string }[];
}

type Sources = ReadonlyMap<string, string>;

/**
 * The module that a source file belongs to: the one with `module-y := file.o`, otherwise the one with the
 * name of the file.
 */
const moduleOf = (file: string, modules: readonly string[], kbuild: string): string => {
  const object = file.replace(/^.*\//, '').replace(/\.c$/, '.o');
  const joined = kbuild.replaceAll('\\\n', ' ');
  const owner = modules.find((module) =>
    new RegExp(`^\\s*${module}-(?:y|objs)\\s*[:+]?=[^\\n]*\\b${object.replace('.', '\\.')}`, 'm').test(
      joined,
    ),
  );
  return owner ?? modules.find((module) => `${module}.o` === object) ?? modules.at(-1) ?? '';
};

/**
 * The value of `.name = …` in a structure of that type: a string, a macro for one, or the name of the module.
 */
const driverName = (
  sources: Sources,
  type: string,
  owner: (file: string) => string,
): { name: string; module: string } | undefined => {
  const form = new RegExp(`struct ${type}\\s+\\w+\\s*=\\s*\\{[^;]*?\\.name\\s*=\\s*("([^"]+)"|\\w+)`);
  for (const [file, text] of sources) {
    const [, word = '', literal] = form.exec(text) ?? [];
    if (word === '') continue;
    const module = owner(file);
    if (literal !== undefined) return { name: literal, module };
    if (word === 'KBUILD_MODNAME') return { name: module, module };
    const macro = new RegExp(`^#define\\s+${word}\\s+"([^"]+)"`, 'm');
    const value = [...sources.values()].flatMap((one) => macro.exec(one)?.[1] ?? [])[0];
    if (value !== undefined) return { name: value, module };
  }
  return undefined;
};

const all = (sources: Sources, form: RegExp): string[] =>
  [...sources.values()].flatMap((text) => [...text.matchAll(form)].map(([, name = '']) => name));

/**
 * The assumed time between two measurements of a driver with sysctl values, in ms. It is generous: it only
 * limits a wait.
 */
const everyMs = 20_000;

const timeIn = (sources: Sources): Inspection['time'] => {
  const attributes = all(sources, /\bDEVICE_ATTR(?:_RO|_RW)?\(\s*(\w+)/g);
  const find = (form: RegExp): string | undefined => attributes.find((name) => form.test(name));
  const sysfs = {
    hostTime: find(/^host_?time$/),
    guestTime: find(/^guest_?time$/),
    driftNs: find(/^drift_?ns$/),
  };
  const given = Object.entries(sysfs).filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (given.length > 0) return { kind: 'sysfs', ...Object.fromEntries(given) };
  const entries = all(sources, /\.procname\s*=\s*"(\w+)"/g);
  const [directory] = all(sources, /\bregister_(?:net_)?sysctl(?:_sz)?\(\s*"([\w/]+)"/g);
  const [seconds, nanoseconds] = [/sec$/, /nsec$/].map((form) =>
    entries.find(
      (name) => /drift/.test(name) && form.test(name) && (form.source === 'nsec$' || !/nsec$/.test(name)),
    ),
  );
  if (directory === undefined || seconds === undefined || nanoseconds === undefined) return undefined;
  const dots = directory.replaceAll('/', '.');
  return { kind: 'sysctl', driftSec: `${dots}.${seconds}`, driftNsec: `${dots}.${nanoseconds}`, everyMs };
};

/** `sources` has the C sources and headers by path. */
export const inspectSources = (kbuild: string, sources: Sources): Inspection => {
  const names = modulesIn(kbuild);
  const owner = (file: string): string => moduleOf(file, names, kbuild);
  const pci = driverName(sources, 'pci_driver', owner);
  const virtio = driverName(sources, 'virtio_driver', owner);
  const modules = [...names].sort(
    (left, right) => Number(right === pci?.module) - Number(left === pci?.module),
  );
  const parameters = [...sources].flatMap(([file, text]) =>
    [...text.matchAll(/\bmodule_param(?:_named)?\(\s*(\w+)/g)].map(([, name = '']) => ({
      module: owner(file),
      name,
    })),
  );
  return { modules, pciDriver: pci?.name, virtioDriver: virtio?.name, time: timeIn(sources), parameters };
};
