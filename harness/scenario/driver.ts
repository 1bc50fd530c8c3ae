// The driver under test, as a scenario sees it: its modules, and what it shows in sysfs.
import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { DriverDescription, SysfsTime } from '../driver/description.js';
import { unpackPayload } from '../guest/disks.js';
import type { Shell } from '../guest/shell.js';
import { parseAttribute, parseCounts, parseDrift, parseTime } from './driver-text.js';

/** Resolves when the driver has next read the time from the device. GUEST_TIMEOUT after `timeoutMs`. */
export type NextReading = (timeoutMs: number) => Promise<unknown>;

export interface DriverOptions {
  readonly nextReading: NextReading;
  /** Of the function whose device is meant, as Linux names it. */
  readonly address: string;
  /** Gets each value of a clock that is read from the driver: `reading`, with `what` it is and its `value`. */
  readonly trace?: TraceSink;
}

/** Beyond the time that the driver takes between two measurements. */
const spareMs = 10_000;

export class Driver {
  readonly description: DriverDescription;
  readonly #shell: Shell;
  readonly #address: string;
  readonly #nextReading: NextReading;
  readonly #trace: TraceSink;

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

  /** The same driver, looked at through another function. */
  at(address: string): Driver {
    return new Driver(this.#shell, this.description, {
      address,
      nextReading: this.#nextReading,
      trace: this.#trace,
    });
  }

  /** Puts the modules where modprobe finds them. Nothing is loaded by it. */
  async install(): Promise<void> {
    await unpackPayload(this.#shell);
  }

  /** DRIVER_LACKS, and so a scenario that is skipped, unless `has`. */
  needs(has: boolean, what: string): void {
    if (!has) this.#lacks(what);
  }

  /** Those of the parameters that the driver has. */
  having(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(parameters).filter(([name]) => this.has(name)));
  }

  /** Whether it has that parameter. */
  has(parameter: string): boolean {
    return this.description.parameters.some(({ name }) => name === parameter);
  }

  /** Parameters with which it looks at the command only when it is interrupted. */
  get quiet(): Readonly<Record<string, string>> {
    return this.description.quiet;
  }

  /**
   * Loads the modules in order; resolves when their init is done, and probe with it. GUEST_COMMAND if one is refused, DRIVER_LACKS for a
   * parameter that the driver does not have.
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
    await this.#shell.output(['load', ...words], { what: `loading of ${modules.join(', ')}` });
  }

  #moduleOf(parameter: string): string {
    const found = this.description.parameters.find(({ name }) => name === parameter);
    return found?.module ?? this.#lacks(`a parameter ${parameter}`);
  }

  /** Unloads them, in the opposite order. GUEST_COMMAND, also when one of them is not loaded. */
  async unload(): Promise<void> {
    await this.#shell.output(['unload', ...this.#lastFirst]);
  }

  /** Unloads those that are loaded; resolves with their names. GUEST_COMMAND. */
  async unloadLoaded(): Promise<string[]> {
    const text = await this.#shell.output(['unload', 'loaded', ...this.#lastFirst]);
    return text === '' ? [] : text.split('\n');
  }

  get #lastFirst(): string[] {
    return [...this.description.modules].reverse();
  }

  /** Names of the modules of this driver that are loaded. */
  async loaded(): Promise<string[]> {
    const lines = (await this.#shell.output(['read-files', '/proc/modules'])).split('\n');
    const names = lines.map((line) => line.split(' ', 1)[0] ?? '');
    return this.description.modules.filter((name) => names.includes(name));
  }

  /** The path of an attribute below the virtio device, as a pattern for the guest's shell. */
  path(name: string): string {
    return `/sys/bus/pci/devices/${this.#address}/virtio*/${name}`;
  }

  /** The content of one attribute, to the last byte. GUEST_COMMAND when it cannot be read. */
  async #content(name: string): Promise<string> {
    // `output` takes a newline off, and would not tell whether there was one.
    return (await this.#shell.bytes(['read-files', this.path(name)])).toString('utf8');
  }

  /** The one line of an attribute. GUEST_COMMAND, DRIVER_READ. */
  async attribute(name: string): Promise<string> {
    return parseAttribute(name, await this.#content(name));
  }

  /** What reading an attribute gives, be it a value or an error. */
  async read(name: string): Promise<string> {
    const { stdout, stderr } = await this.#shell.run(`cat ${this.path(name)}`);
    return `${stdout}${stderr}`.trim();
  }

  /** Times that somebody in the guest has read from the driver, a line each in `file`. DRIVER_READ. */
  async readings(file: string): Promise<bigint[]> {
    const text = await this.#shell.output(['read-files', file]);
    return text === '' ? [] : text.split('\n').map((line) => parseTime('host time', line));
  }

  /** The attribute that shows the host's clock. DRIVER_LACKS. */
  get hostTimeName(): string {
    return this.#sysfsTime().hostTime ?? this.#lacks("an attribute with the host's clock");
  }

  /** The host's clock as the driver shows it, microseconds since the epoch. */
  async hostTime(): Promise<bigint> {
    return this.#note('host-time', parseTime('host time', await this.attribute(this.hostTimeName)));
  }

  /** Whether it shows the host's clock whenever it is asked. */
  get showsHostTime(): boolean {
    const { time } = this.description;
    return time?.kind === 'sysfs' && time.hostTime !== undefined;
  }

  /** Whether it shows the guest's own clock. */
  get showsGuestTime(): boolean {
    const { time } = this.description;
    return time?.kind === 'sysfs' && time.guestTime !== undefined;
  }

  /** The guest's own clock as the driver shows it, microseconds since the epoch. */
  async guestTime(): Promise<bigint> {
    const name = this.#sysfsTime().guestTime ?? this.#lacks("an attribute with the guest's clock");
    return this.#note('guest-time', parseTime('guest time', await this.attribute(name)));
  }

  /** Host − guest in nanoseconds, measured at this moment. DRIVER_LACKS if the driver measures only in its own time. */
  async driftNs(): Promise<bigint> {
    const name = this.#sysfsTime().driftNs ?? this.#lacks('an attribute with the drift');
    return this.#note('drift', parseDrift(await this.attribute(name)));
  }

  /** The same, of a measurement that is made after the call: at once, or when the driver comes to it. */
  async nextDriftNs(): Promise<bigint> {
    const { time } = this.description;
    if (time?.kind !== 'sysctl') return this.driftNs();
    const read = `cat ${[time.driftSec, time.driftNsec].map((name) => `/proc/sys/${name.replaceAll('.', '/')}`).join(' ')}`;
    const old = await this.#shell.text(read);
    await this.#nextReading(time.everyMs + spareMs);
    // The values are stored a moment after the reading, one after the other: they count when they are new and stay.
    const shown = await this.#shell.text(
      `until now=$(${read}); [ "$now" != '${old}' ] && [ "$now" = "$(${read})" ]; do usleep 1000; done; echo "$now"`,
      { what: 'a new drift in sysctl' },
    );
    const [seconds = '', nanoseconds = ''] = shown.split('\n');
    return this.#note('drift', parseDrift(seconds) * 1_000_000_000n + parseDrift(nanoseconds));
  }

  /** Whether it shows the commands that came. */
  get showsCommands(): boolean {
    return this.description.commands !== undefined;
  }

  async lastCommand(): Promise<string> {
    return this.attribute(this.#commands().last);
  }

  /** How many commands of each kind the driver has seen. */
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
    return this.description.commands ?? this.#lacks('the commands that came');
  }

  #lacks(what: string): never {
    throw new HarnessError('DRIVER_LACKS', { driver: this.description.name, what });
  }
}
