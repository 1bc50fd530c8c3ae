// The driver under test, as a scenario sees it: its modules, and what it shows in sysfs.
import { HarnessError } from '../errors.js';
import { unpackPayload } from '../guest/disks.js';
import type { Shell } from '../guest/shell.js';
import type { DriverDescription } from './driver-description.js';
import { functionAddress } from './vm.js';

/** `seconds.microseconds` in microseconds. GUEST_READ for anything else: the driver shows a wrong form. */
export const parseTime = (what: string, text: string): bigint => {
  const [, seconds, fraction] = /^(\d+)\.(\d{6})$/.exec(text) ?? [];
  if (seconds === undefined || fraction === undefined)
    throw new HarnessError('DRIVER_READ', { what, expected: 'seconds.microseconds', got: text });
  return BigInt(seconds) * 1_000_000n + BigInt(fraction);
};

/** Signed nanoseconds. */
export const parseDrift = (text: string): bigint => {
  if (!/^-?\d+$/.test(text))
    throw new HarnessError('DRIVER_READ', { what: 'drift', expected: 'nanoseconds', got: text });
  return BigInt(text);
};

export class Driver {
  readonly description: DriverDescription;
  readonly #shell: Shell;
  readonly #address: string;

  /** `address` is that of the function whose device is meant, as Linux names it. */
  constructor(shell: Shell, description: DriverDescription, address = functionAddress) {
    this.#shell = shell;
    this.#address = address;
    this.description = description;
  }

  /** The same driver, looked at through another function. */
  at(address: string): Driver {
    return new Driver(this.#shell, this.description, address);
  }

  /** Puts the modules where modprobe finds them. Nothing is loaded by it. */
  async install(): Promise<void> {
    await unpackPayload(this.#shell);
  }

  /** Loads the modules in order; resolves when their init is done, and probe with it. GUEST_COMMAND if one is refused. */
  async load(parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    const { modules, virtioDriver } = this.description;
    const words = Object.entries(parameters).map(([name, value]) => ` ${name}=${value}`);
    // The first module makes a device for which mdev loads the second by its alias, and nobody could tell it parameters.
    const options = `mkdir -p /etc/modprobe.d && echo 'options ${virtioDriver}${words.join('')}' >/etc/modprobe.d/vmmci.conf`;
    const load = modules.map(
      (module) =>
        `modprobe ${module} && until grep -q '^${module} .* Live ' /proc/modules; do usleep 2000; done`,
    );
    await this.#shell.text([options, ...load].join(' && '), { what: `loading of ${modules.join(', ')}` });
  }

  /** Unloads them in the opposite order. */
  async unload(): Promise<void> {
    await this.#shell.text(
      [...this.description.modules]
        .reverse()
        .map((module) => `rmmod ${module}`)
        .join(' && '),
    );
  }

  /** Names of the modules of this driver that are loaded. */
  async loaded(): Promise<string[]> {
    const lines = (await this.#shell.text('cat /proc/modules')).split('\n');
    const names = lines.map((line) => line.split(' ', 1)[0] ?? '');
    return this.description.modules.filter((name) => names.includes(name));
  }

  /** The path of an attribute below the virtio device, as a pattern for the guest's shell. */
  path(name: string): string {
    return `/sys/bus/pci/devices/${this.#address}/virtio*/${name}`;
  }

  /** One attribute, without its newline. */
  attribute(name: string): Promise<string> {
    return this.#shell.text(`cat ${this.path(name)}`);
  }

  /** The attribute that shows the host's clock. */
  get hostTimeName(): string {
    return this.#time().hostTime;
  }

  /** The host's clock as the driver shows it, microseconds since the epoch. */
  async hostTime(): Promise<bigint> {
    return parseTime('host time', await this.attribute(this.#time().hostTime));
  }

  /** The guest's own clock as the driver shows it, microseconds since the epoch. */
  async guestTime(): Promise<bigint> {
    return parseTime('guest time', await this.attribute(this.#time().guestTime));
  }

  /** Host − guest in nanoseconds. */
  async driftNs(): Promise<bigint> {
    return parseDrift(await this.attribute(this.#time().driftNs));
  }

  async lastCommand(): Promise<string> {
    return this.attribute(this.#commands().last);
  }

  /** How many commands of each kind the driver has seen. */
  async commandCounts(): Promise<Readonly<Record<string, number>>> {
    const lines = (await this.attribute(this.#commands().counts)).split('\n');
    return Object.fromEntries(
      lines.map((line) => {
        const [, name, count] = /^(\w+) (\d+)$/.exec(line) ?? [];
        if (name === undefined)
          throw new HarnessError('DRIVER_READ', {
            what: 'command counts',
            expected: 'NAME count',
            got: line,
          });
        return [name, Number(count)];
      }),
    );
  }

  #time(): NonNullable<DriverDescription['time']> {
    return this.description.time ?? this.#lacks('its clock in sysfs');
  }

  #commands(): NonNullable<DriverDescription['commands']> {
    return this.description.commands ?? this.#lacks('its commands in sysfs');
  }

  #lacks(what: string): never {
    throw new HarnessError('DRIVER_LACKS', { driver: this.description.name, what });
  }
}
