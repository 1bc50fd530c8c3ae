// Decodes the values of registers for people: bits and commands by name.

import { commandName } from '../vmmci/commands.js';
import { ACK, SYNCRTC, TIMESYNC } from '../vmmci/features.js';
import { ISR_CONFIG, status } from '../vmmci/registers.js';

export const hex = (value: number): string => `0x${value.toString(16)}`;

/** Formats bits as `0x7 (ACKNOWLEDGE, DRIVER, DRIVER_OK)`; bits without a name are left out. */
const bits = (value: number, names: Readonly<Record<string, number | bigint>>): string => {
  const set = Object.entries(names).filter(([, bit]) => (BigInt(value) & BigInt(bit)) !== 0n);
  return set.length === 0 ? hex(value) : `${hex(value)} (${set.map(([name]) => name).join(', ')})`;
};

/** `0xf (ACKNOWLEDGE, DRIVER, DRIVER_OK)` */
export const showStatus = (value: number): string => bits(value, status);

/** `0x7 (TIMESYNC, ACK, SYNCRTC)` */
export const showFeatures = (value: number): string => bits(value, { TIMESYNC, ACK, SYNCRTC });

/** `0x2 (config change)` */
export const showIsr = (value: number): string =>
  bits(value, { 'used queue': 1, 'config change': ISR_CONFIG }).replace(/^0x0$/, '0x0 (nothing)');

/** `REBOOT`, or the number of an unknown command. */
export const showCommand = (value: number): string => commandName(value) ?? hex(value);
