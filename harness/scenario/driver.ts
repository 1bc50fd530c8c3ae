// The driver under test in the guest: its modules, and the values that it shows in sysfs.

import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { DriverDescription, PollInterval, SysfsTime } from '../driver/description.js';
import { unpackPayload } from '../guest/disks.js';
import type { Shell } from '../guest/shell.js';
import { parseAttribute, parseCounts, parseDrift, parseTime } from './driver-text.js';

/**
 * Resolves when the driver next reads the time of the device. Rejects with GUEST_TIMEOUT after `timeoutMs`.
 */
export type NextReading = (timeoutMs: number) => Promise<unknown>;

export interface DriverOptions {
  readonly nextReading: NextReading;
  /** The address of the function, as Linux writes it: `0000:00:05.0`. */
  readonly address: string;
  /** Receives a `reading` event for each value of a clock that is read from the driver. */
  readonly trace?: TraceSink;
}

/** The driver whose device has the attributes, in sysfs. */
export interface Binding {
  readonly driver: string;
  /** The directory of the driver, with `bind` and `unbind`. */
  readonly directory: string;
  /** The names in that directory of the devices of the function, as a pattern for the shell of the guest. */
  readonly devices: string;
}

/** Added to the interval between two measurements of the driver, in milliseconds. */
const spareMs = 10_000;

export class Driver {
  readonly description: DriverDescription;
  readonly #shell: Shell;
  readonly #address: string;
  readonly #nextReading: NextReading;
  readonly #trace: TraceSink;
  #loads = 0;

  /** @internal */
  constructor(
    shell: Shell,
    description: DriverDescription,
    { address, nextReading, trace = noTrace }: DriverOptions,
  ) {
    this.#shell = shell;
    this.#address = address;
    this.#nextReading = nextReading;
    this.#trace = trace;
    this.description = description;
  }

  /** The same driver at another function. */
  at(address: string): Driver {
    return new Driver(this.#shell, this.description, {
      address,
      nextReading: this.#nextReading,
      trace: this.#trace,
    });
  }

  /** Installs the modules where modprobe finds them. It does not load them. */
  async install(): Promise<void> {
    await unpackPayload(this.#shell);
  }

  /** Skips the scenario by throwing DRIVER_LACKS unless `has` is true. */
  needs(has: boolean, what: string): void {
    if (!has) this.#lacks(what);
  }

  /** Selects the parameters that the driver has. */
  having(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(parameters).filter(([name]) => this.has(name)));
  }

  /** True if the driver has the parameter. */
  has(parameter: string): boolean {
    return this.description.parameters.some(({ name }) => name === parameter);
  }

  /** True if a parameter sets the interval of the polls of the command. */
  get hasPollInterval(): boolean {
    return this.description.pollInterval !== undefined;
  }

  /** The parameter that sets the interval, in milliseconds; none if the driver does not have it. */
  pollingEvery(ms: number): Readonly<Record<string, string>> {
    const { pollInterval } = this.description;
    return pollInterval === undefined ? {} : { [pollInterval.parameter]: String(ms) };
  }

  /** The parameter that sets the interval. Throws DRIVER_LACKS if there is none, which skips the scenario. */
  needsPollInterval(): PollInterval {
    return this.description.pollInterval ?? this.#lacks('a parameter with the interval of its polls');
  }

  /** Sets the interval at run time, in milliseconds. Rejects with DRIVER_LACKS or GUEST_COMMAND. */
  async setPollInterval(ms: number): Promise<void> {
    await this.#shell.text(`echo ${ms} >${this.parameterPath(this.needsPollInterval().parameter)}`);
  }

  /** Parameters with which the driver reads the command only when it is interrupted. */
  get quiet(): Readonly<Record<string, string>> {
    return this.description.quiet;
  }

  /** The number of times that `load` was called. @internal */
  get loads(): number {
    return this.#loads;
  }

  /**
   * Loads the modules in order. Resolves when their init functions, and so probe, have returned. Rejects with
   * GUEST_COMMAND if the kernel refuses one, and DRIVER_LACKS for a parameter that the driver does not have.
   */
  async load(parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    const { modules } = this.description;
    const options = Object.entries(parameters).map(([name, value]) => ({
      module: this.#moduleOf(name),
      word: `${name}=${value}`,
    }));
    const words = modules.flatMap((module) => [
      module,
      ...options.filter((option) => option.module === module).map(({ word }) => word),
    ]);
    this.#loads += 1;
    await this.#shell.output(['load', ...words], { what: `loading of ${modules.join(', ')}` });
  }

  /** The path of the file in sysfs of a parameter. Throws DRIVER_LACKS if the driver does not have it. */
  parameterPath(name: string): string {
    return `/sys/module/${this.#moduleOf(name)}/parameters/${name}`;
  }

  #moduleOf(parameter: string): string {
    const found = this.description.parameters.find(({ name }) => name === parameter);
    return found?.module ?? this.#lacks(`a parameter ${parameter}`);
  }

  /** Unloads the modules in reverse order. Rejects with GUEST_COMMAND, also if one is not loaded. */
  async unload(): Promise<void> {
    await this.#shell.output(['unload', ...this.#modulesReversed]);
  }

  /** Unloads the modules that are loaded. Resolves with their names. Rejects with GUEST_COMMAND. */
  async unloadLoaded(): Promise<string[]> {
    const text = await this.#shell.output(['unload', 'loaded', ...this.#modulesReversed]);
    return text === '' ? [] : text.split('\n');
  }

  get #modulesReversed(): string[] {
    return [...this.description.modules].reverse();
  }

  /** The names of the driver's modules that are loaded. Waits for those that are being loaded. */
  async loaded(): Promise<string[]> {
    const read = () => this.#shell.output(['read-files', '/proc/modules']);
    let text = await read();
    if (/ Loading /.test(text)) {
      await this.#shell.text("while grep -q ' Loading ' /proc/modules; do usleep 1000; done", {
        what: 'the end of the loading of modules',
      });
      text = await read();
    }
    const lines = text.split('\n');
    const names = lines.map((line) => line.split(' ', 1)[0] ?? '');
    return this.description.modules.filter((name) => names.includes(name));
  }

  /** The modules of this driver that the kernel requests when a device with that alias appears. */
  async withAlias(alias: string): Promise<string[]> {
    const text = await this.#shell.text(
      `while read -r word pattern module; do
        case '${alias}' in $pattern) echo "$module" ;; esac
      done </lib/modules/$(uname -r)/modules.alias`,
      { what: `modules with the alias ${alias}` },
    );
    return this.description.modules.filter((name) => text.split('\n').includes(name));
  }

  /** The virtio driver and its device; the PCI driver and the function if the driver has no virtio device. */
  get binding(): Binding {
    const { pciDriver, virtioDriver } = this.description;
    return virtioDriver === undefined
      ? { driver: pciDriver, directory: `/sys/bus/pci/drivers/${pciDriver}`, devices: this.#address }
      : { driver: virtioDriver, directory: `/sys/bus/virtio/drivers/${virtioDriver}`, devices: 'virtio*' };
  }

  /** The path of an attribute of the device of `binding`, as a pattern for the shell of the guest. */
  path(name: string): string {
    const below = this.description.virtioDriver === undefined ? '' : 'virtio*/';
    return `/sys/bus/pci/devices/${this.#address}/${below}${name}`;
  }

  /**
   * The paths of all attributes, for the shell of the guest. Those of a PCI function include its registers,
   * so there they are only the ones of the description.
   */
  get allPaths(): string {
    const { time, commands, virtioDriver } = this.description;
    if (virtioDriver !== undefined) return this.path('*');
    const { hostTime, guestTime, driftNs } = time?.kind === 'sysfs' ? time : {};
    const names = [hostTime, guestTime, driftNs, commands?.last, commands?.counts];
    // A program that gets no path would read its standard input.
    return ['/dev/null', ...names.flatMap((name) => (name === undefined ? [] : [this.path(name)]))].join(' ');
  }

  /** The exact content of an attribute. Rejects with GUEST_COMMAND if it cannot be read. */
  async #content(name: string): Promise<string> {
    // `output` would remove a final newline.
    return (await this.#shell.bytes(['read-files', this.path(name)])).toString('utf8');
  }

  /** The single line of an attribute, without its newline. Rejects with GUEST_COMMAND or DRIVER_READ. */
  async attribute(name: string): Promise<string> {
    return parseAttribute(name, await this.#content(name));
  }

  /** The result of reading an attribute: its value, or an error. */
  async read(name: string): Promise<string> {
    const { stdout, stderr } = await this.#shell.run(`cat ${this.path(name)}`);
    return `${stdout}${stderr}`.trim();
  }

  /**
   * The times in `file`, to which a program in the guest wrote one reading per line. Rejects with
   * DRIVER_READ.
   */
  async readings(file: string): Promise<bigint[]> {
    const text = await this.#shell.output(['read-files', file]);
    return text === '' ? [] : text.split('\n').map((line) => parseTime('host time', line));
  }

  /** The name of the attribute with the host's clock. Throws DRIVER_LACKS. */
  get hostTimeName(): string {
    return this.#sysfsTime().hostTime ?? this.#lacks("an attribute with the host's clock");
  }

  /**
   * The host's clock as the driver shows it, in microseconds since 1970. Rejects with DRIVER_LACKS or
   * DRIVER_READ.
   */
  async hostTime(): Promise<bigint> {
    return this.#note('host-time', parseTime('host time', await this.attribute(this.hostTimeName)));
  }

  /** True if an attribute shows the host's clock whenever it is read. */
  get showsHostTime(): boolean {
    const { time } = this.description;
    return time?.kind === 'sysfs' && time.hostTime !== undefined;
  }

  /** True if an attribute shows the guest's clock. */
  get showsGuestTime(): boolean {
    const { time } = this.description;
    return time?.kind === 'sysfs' && time.guestTime !== undefined;
  }

  /**
   * The guest's clock as the driver shows it, in microseconds since 1970. Rejects with DRIVER_LACKS or
   * DRIVER_READ.
   */
  async guestTime(): Promise<bigint> {
    const name = this.#sysfsTime().guestTime ?? this.#lacks("an attribute with the guest's clock");
    return this.#note('guest-time', parseTime('guest time', await this.attribute(name)));
  }

  /**
   * Host minus guest in nanoseconds, measured now. Rejects with DRIVER_LACKS if the driver measures at
   * intervals.
   */
  async driftNs(): Promise<bigint> {
    const name = this.#sysfsTime().driftNs ?? this.#lacks('an attribute with the drift');
    return this.#note('drift', parseDrift(await this.attribute(name)));
  }

  /** True if the driver measures at intervals, by itself. */
  get measuresByItself(): boolean {
    return this.description.time?.kind === 'sysctl';
  }

  /** Waits until a driver that measures at intervals reads the time. Rejects with GUEST_TIMEOUT. */
  async nextMeasurement(): Promise<void> {
    const { time } = this.description;
    if (time?.kind === 'sysctl') await this.#nextReading(time.everyMs + spareMs);
  }

  /** Host minus guest in nanoseconds, from a measurement that the driver makes after this call. */
  async nextDriftNs(): Promise<bigint> {
    const { time } = this.description;
    if (time?.kind !== 'sysctl') return this.driftNs();
    const read = `cat ${[time.driftSec, time.driftNsec].map((name) => `/proc/sys/${name.replaceAll('.', '/')}`).join(' ')}`;
    const old = await this.#shell.text(read);
    await this.nextMeasurement();
    // The driver stores the two values one after the other, a moment after it has read the time. They are
    // complete when they are new and no longer change.
    const shown = await this.#shell.text(
      `until now=$(${read}); [ "$now" != '${old}' ] && [ "$now" = "$(${read})" ]; do usleep 1000; done; echo "$now"`,
      { what: 'a new drift in sysctl' },
    );
    const [seconds = '', nanoseconds = ''] = shown.split('\n');
    return this.#note('drift', parseDrift(seconds) * 1_000_000_000n + parseDrift(nanoseconds));
  }

  /** True if attributes show the commands that the driver received. */
  get showsCommands(): boolean {
    return this.description.commands !== undefined;
  }

  async lastCommand(): Promise<string> {
    return this.attribute(this.#commands().last);
  }

  /** The number of commands of each kind that the driver has received. */
  async commandCounts(): Promise<Readonly<Record<string, number>>> {
    return parseCounts(await this.#content(this.#commands().counts));
  }

  #note(what: string, value: bigint): bigint {
    this.#trace({ kind: 'reading', what, value });
    return value;
  }

  #sysfsTime(): SysfsTime {
    const { time } = this.description;
    return time?.kind === 'sysfs' ? time : this.#lacks('the time in sysfs');
  }

  #commands(): NonNullable<DriverDescription['commands']> {
    return this.description.commands ?? this.#lacks('the received commands');
  }

  #lacks(what: string): never {
    throw new HarnessError('DRIVER_LACKS', { driver: this.description.name, what });
  }
}
