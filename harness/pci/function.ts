// The PCI function that a guest sees: configuration space, the virtio header in BAR0, ISR and INTx. The
// config area after the header belongs to the backend; each access is forwarded with the guest's own offset
// and width.

import { noTrace, type TraceSink } from '../base/trace.js';
import { region, regionFlag } from '../vfio-user/info.js';
import type { Target } from '../vfio-user/target.js';
import type { FrontEnd } from '../vhost-user/front-end.js';
import type { Generation } from '../vmmci/generations.js';
import { BAR_SIZE, CONFIG_OFFSET, ISR_CONFIG } from '../vmmci/registers.js';
import { defaultSlot, interruptArrives } from '../vmmci/slots.js';
import { cut, requirePortWidth, widen } from './access.js';
import { BackendLink } from './backend-link.js';
import { CONFIG_SPACE_SIZE, type ConfigRules, ConfigSpace } from './config-space.js';
import { type Eventfds, IrqSignal } from './irq-signal.js';
import type { LineRules } from './isr-line.js';
import { type HeaderName, headerAt, RegisterFile } from './register-file.js';
import { type StalePolicy, staleValue } from './stale.js';
import { ignoresOffset, WholeConfig } from './whole-config.js';

/** The fields of a generation that affect the function. */
export type FunctionRules = LineRules & ConfigRules & Pick<Generation, 'interruptPin' | 'slavePic'>;

export interface FunctionOptions {
  generation: FunctionRules;
  /** The slot of vmmci in vmd, which may differ from QEMU's (default: 4). */
  slot?: number | undefined;
  eventfds: Eventfds;
  stale?: StalePolicy;
  trace?: TraceSink;
  /** Gets a message for people about each oddity of a backend that the function works around. */
  warn?: ((message: string) => void) | undefined;
}

/** The end of the range of GET_CONFIG, from the start of BAR0. */
const CONFIG_END = CONFIG_OFFSET + 256;
/** A legacy guest sees 32 features; vhost-user reserves bit 30 for itself. */
const GUEST_FEATURES = 0xbfffffffn;
const ALL_ONES = 0xffffffff;
const READ_WRITE = regionFlag.READ | regionFlag.WRITE;

/** A value that was read. `stale`: no register starts there. `absent`: there was no backend. */
interface Reading {
  value: number;
  stale?: boolean;
  absent?: boolean;
}

export class PciFunction implements Target {
  /** @internal */
  readonly regions = [
    { index: region.BAR0, size: BAR_SIZE, flags: READ_WRITE },
    { index: region.CONFIG, size: CONFIG_SPACE_SIZE, flags: READ_WRITE },
  ];
  readonly #config: ConfigSpace;
  readonly #registers = new RegisterFile();
  readonly #irq: IrqSignal;
  /** Returns true if an interrupt can reach the guest now. */
  readonly #isWired: () => boolean;
  readonly #link: BackendLink;
  readonly #warn: (message: string) => void;
  /** Replaces the GET_CONFIG of a backend that ignores offsets. */
  #whole: WholeConfig | undefined;
  readonly #trace: TraceSink;
  readonly #stale: StalePolicy;
  /** The 32-bit value of the last register that was read. */
  #last = 0;
  /** The registers that the guest has written since the last reset, for a backend that attaches later. */
  readonly #written = new Set<HeaderName>();
  #resetMissed = false;

  /** @internal */
  constructor(options: FunctionOptions) {
    this.#trace = options.trace ?? noTrace;
    this.#stale = options.stale ?? 'repeat';
    this.#warn = options.warn ?? (() => {});
    const { generation, slot = defaultSlot } = options;
    this.#config = new ConfigSpace(generation);
    this.#irq = new IrqSignal(generation, options.eventfds, this.#trace);
    this.#isWired = () =>
      interruptArrives(generation, slot) &&
      (generation.interruptPin === 'stored' || this.#config.interruptPin !== 0);
    this.#link = new BackendLink({
      trace: this.#trace,
      onConfigChange: () => this.#configChanged(),
    });
  }

  /**
   * Uses this backend from now on. The backend gets a reset that it missed, and the features and status that
   * the guest has written. No interrupt is raised. @internal
   */
  async attach(frontEnd: FrontEnd): Promise<void> {
    this.#whole = undefined;
    this.#link.attach(frontEnd);
    const ignores = await this.#link.ask('GET_CONFIG', ignoresOffset);
    if (ignores?.value) {
      this.#whole = new WholeConfig(frontEnd.getConfig);
      this.#trace({ kind: 'backend', event: 'ignores the offset of GET_CONFIG' });
      this.#warn('the backend ignores the offset of GET_CONFIG; the whole config area is read each time');
    }
    if (this.#resetMissed) await this.#reset();
    if (this.#written.has('guestFeatures')) await this.#passOn('guestFeatures');
    if (this.#written.has('status')) await this.#passOn('status');
  }

  /** Detaches the backend and closes its front-end. @internal */
  detach(): void {
    this.#link.detach('detached');
  }

  /** @internal */
  async read(index: number, offset: number, count: number): Promise<Buffer> {
    if (index === region.CONFIG) {
      const data = this.#config.read(offset, count);
      const value = count > 4 ? undefined : widen(data);
      this.#trace({ kind: 'config-read', offset, width: count, value });
      return data;
    }
    requirePortWidth(count);
    const { value, stale = false, absent } = await this.#readBar(offset, count);
    const data = cut(value, count);
    this.#trace({ kind: 'bar-read', offset, width: count, value: widen(data), stale, absent });
    return data;
  }

  /** @internal */
  async write(index: number, offset: number, data: Buffer): Promise<void> {
    const width = data.length;
    if (index === region.CONFIG) {
      const value = width > 4 ? undefined : widen(data);
      this.#trace({ kind: 'config-write', offset, width, value });
      this.#config.write(offset, data);
      return;
    }
    requirePortWidth(width);
    const absent = this.#link.frontEnd === undefined || undefined;
    this.#trace({ kind: 'bar-write', offset, width, value: widen(data), absent });
    if (absent) return;
    const name = headerAt(offset);
    if (name !== undefined) await this.#writeHeader(name, widen(data));
    else if (offset >= CONFIG_OFFSET && offset + width <= CONFIG_END)
      await this.#link.ask('SET_CONFIG', (frontEnd) => frontEnd.setConfig(offset - CONFIG_OFFSET, data));
  }

  /**
   * Resets the function and the backend to the state after a cold start: a VM that is reset is a new vmd
   * process. @internal
   */
  async reset(): Promise<void> {
    this.#trace({ kind: 'reset' });
    await this.#reset();
    // The backend is reset first: a config change that it sends before that must not outlive the reset.
    this.#registers.reset();
    this.#written.clear();
    this.#config.reset();
    this.#irq.reset();
    this.#last = 0;
  }

  /** @internal */
  arm(trigger: number | null): void {
    this.#irq.arm(trigger, this.#registers.get('isr'));
  }

  /** @internal */
  loopback(): boolean {
    return this.#irq.loopback();
  }

  /** @internal */
  mask(): void {
    this.#irq.mask();
  }

  /** @internal */
  unmask(): void {
    this.#irq.unmask(this.#registers.get('isr'));
  }

  /** For the control socket and for tests. */
  state(): FunctionState {
    return {
      attached: this.#link.frontEnd !== undefined,
      hostFeatures: this.#hostFeatures(),
      guestFeatures: this.#registers.get('guestFeatures'),
      status: this.#registers.get('status'),
      isr: this.#registers.get('isr'),
      ...this.#irq.state(),
    };
  }

  #hostFeatures(): number {
    return Number((this.#link.frontEnd?.features ?? 0n) & GUEST_FEATURES);
  }

  #configChanged(): void {
    this.#registers.set('isr', ISR_CONFIG);
    if (this.#isWired()) this.#irq.raise(ISR_CONFIG);
  }

  async #readBar(offset: number, width: number): Promise<Reading> {
    if (this.#link.frontEnd === undefined) return { value: ALL_ONES, absent: true };
    const name = headerAt(offset);
    if (name !== undefined) return { value: this.#keep(this.#readHeader(name)) };
    if (offset < CONFIG_OFFSET || offset >= CONFIG_END) return this.#staleReading();
    const at = offset - CONFIG_OFFSET;
    const answer = await this.#link.ask('GET_CONFIG', (frontEnd) =>
      (this.#whole ?? frontEnd).getConfig(at, Math.min(width, CONFIG_END - offset)),
    );
    if (answer === undefined) return { value: ALL_ONES, absent: true };
    return answer.value.length === 0 ? this.#staleReading() : { value: this.#keep(widen(answer.value)) };
  }

  #keep(value: number): number {
    this.#last = value;
    return value;
  }

  #staleReading(): Reading {
    return { value: staleValue(this.#stale, this.#last), stale: true };
  }

  #readHeader(name: HeaderName): number {
    if (name === 'hostFeatures') return this.#hostFeatures();
    const value = this.#registers.get(name);
    if (name === 'isr') {
      this.#registers.set('isr', 0);
      this.#irq.isrRead();
    }
    return value;
  }

  async #writeHeader(name: HeaderName, value: number): Promise<void> {
    if (!this.#registers.write(name, value)) return;
    this.#written.add(name);
    await this.#passOn(name);
  }

  /** Forwards a register to the backend, if the backend needs it. */
  async #passOn(name: HeaderName): Promise<void> {
    const value = this.#registers.get(name);
    if (name === 'guestFeatures') {
      const accepted = BigInt(value) & BigInt(this.#hostFeatures());
      await this.#link.ask('SET_FEATURES', (frontEnd) => frontEnd.setFeatures(accepted));
    } else if (name === 'status') await this.#link.ask('SET_STATUS', (frontEnd) => frontEnd.setStatus(value));
  }

  async #reset(): Promise<void> {
    const answer = await this.#link.ask('RESET_DEVICE', (frontEnd) => frontEnd.resetDevice());
    this.#whole?.reset();
    this.#resetMissed = answer === undefined;
  }
}

export interface FunctionState {
  /** True if a backend is attached. */
  attached: boolean;
  /** The features that the guest reads: those that the backend offers, 32 bits. */
  hostFeatures: number;
  /** The features that the guest has written, 32 bits. */
  guestFeatures: number;
  /** The device status that the guest has written. */
  status: number;
  /** The ISR, which a read by the guest clears: 2 if the configuration has changed. */
  isr: number;
  /** The level of the interrupt line. */
  line: 'high' | 'low';
  /** True if the client (QEMU) has an eventfd for interrupts. */
  armed: boolean;
  /** True if the client has masked the interrupt. */
  masked: boolean;
  /** The number of signals to the client since the function was created. */
  interrupts: number;
}
