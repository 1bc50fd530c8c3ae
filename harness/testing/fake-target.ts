// A target of a vfio-user session that records its calls.

import type { Target } from '../vfio-user/target.js';
import type { FakeDescriptors } from './fake-wire.js';

/**
 * A target with region 0 of 64 bytes to read and write, region 1 of 4 bytes to read, and region 2 of 4 bytes
 * to write.
 */
export class FakeTarget implements Target {
  readonly regions = [
    { index: 0, size: 64, flags: 3 },
    { index: 1, size: 4, flags: 1 },
    { index: 2, size: 4, flags: 2 },
  ];
  readonly calls: string[] = [];
  readonly descriptors: FakeDescriptors;
  trigger: number | null = null;
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  constructor(descriptors: FakeDescriptors) {
    this.descriptors = descriptors;
  }
  async read(region: number, offset: number, count: number): Promise<Buffer> {
    await this.gate;
    if (this.failure) throw this.failure;
    this.calls.push(`read ${region} ${offset} ${count}`);
    return Buffer.alloc(count, offset);
  }
  async write(region: number, offset: number, data: Buffer): Promise<void> {
    await this.gate;
    this.calls.push(`write ${region} ${offset} ${data.toString('hex')}`);
  }
  async reset(): Promise<void> {
    this.calls.push('reset');
  }
  arm(trigger: number | null): void {
    if (this.trigger !== null) this.descriptors.close(this.trigger);
    this.trigger = trigger;
    this.calls.push(trigger === null ? 'disarm' : 'arm');
  }
  loopback(): boolean {
    if (this.trigger === null) return false;
    this.calls.push('loopback');
    return true;
  }
  mask(): void {
    this.calls.push('mask');
  }
  unmask(): void {
    this.calls.push('unmask');
  }
}
