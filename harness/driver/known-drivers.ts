// The descriptions of drivers that have no vmmci-driver.json.

export interface KnownDriver {
  readonly name: string;
  /** The description of the newest version, as vmmci-driver.json. */
  readonly text: string;
  /** The modules. A Kbuild file or Makefile with exactly these in obj-m belongs to this driver. */
  readonly modules: readonly string[];
  /** The fields of the version with these sources: earlier versions have fewer. */
  readonly fieldsFor: (sources: string) => Readonly<Record<string, unknown>>;
}

interface Description extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly modules: readonly string[];
  readonly parameters: readonly {
    readonly module: string;
    readonly name: string;
    readonly default: string;
  }[];
}

/** Fields that a version has only if its sources match. */
type FieldPatterns = Readonly<Record<string, RegExp>>;

const known = (description: Description, signs: FieldPatterns): KnownDriver => ({
  name: description.name,
  text: JSON.stringify(description),
  modules: description.modules,
  fieldsFor: (sources) => {
    const parameters = description.parameters.filter(({ name }) =>
      new RegExp(`\\bmodule_param\\w*\\(\\s*${name}\\b`).test(sources),
    );
    const fields = Object.entries({ ...description, parameters }).filter(
      ([field]) => signs[field]?.test(sources) ?? (field !== 'parameters' || parameters.length > 0),
    );
    return Object.fromEntries(fields);
  },
});

export const knownDrivers: readonly KnownDriver[] = [
  // The public driver in two modules, from 0.1 on. It measures 1 s after probe and then every 20 s
  // (virtio_vmmci.h 0.6), and reads the command only after an interrupt.
  known(
    {
      name: 'virtio_vmmci',
      description: 'The public driver in two modules',
      modules: ['virtio_pci_obsd', 'virtio_vmmci'],
      pciDriver: 'virtio-pci-obsd',
      virtioDriver: 'virtio_vmmci',
      time: {
        kind: 'sysctl',
        driftSec: 'vmmci.drift_sec',
        driftNsec: 'vmmci.drift_nsec',
        everyMs: 20_000,
      },
      syncRtc: 'rtc',
      parameters: [{ module: 'virtio_vmmci', name: 'debug', default: '0' }],
    },
    { time: /"drift_n?sec"/, syncRtc: /\brtc_read_time\b/ },
  ),
];

/** The names of the modules that a Kbuild file builds, in its order. */
export const modulesIn = (kbuild: string): string[] =>
  [...kbuild.replaceAll('\\\n', ' ').matchAll(/^\s*obj-(?:m|\$\(\S+\))\s*[:+]?=\s*(.*)$/gm)]
    .flatMap(([, list = '']) => list.replace(/#.*/, '').split(/\s+/))
    .filter((word) => word.endsWith('.o'))
    .map((word) => word.slice(0, -2));

/** True if a Kbuild file builds exactly the modules of that driver. */
export const describes = ({ modules }: KnownDriver, kbuild: string): boolean => {
  const objects = modulesIn(kbuild);
  return objects.length === modules.length && modules.every((module) => objects.includes(module));
};
