// Trace events as people read them.
import type { TraceEvent } from '../base/trace.js';

const hexKeys = new Set(['value', 'isr']);

const show = (key: string, value: unknown): string =>
  hexKeys.has(key) && typeof value === 'number' ? `0x${value.toString(16)}` : String(value);

/** `#12 3.456 ms bar-read offset=24 width=4 value=0x5c7a1b2d` */
export const formatEvent = ({ seq, at, kind, ...data }: TraceEvent): string => {
  const fields = Object.entries(data).filter(([, value]) => value !== undefined && value !== false);
  return [
    `#${seq}`,
    `${(at / 1000).toFixed(3)} ms`,
    kind,
    ...fields.map(([key, value]) => `${key}=${kind === 'reading' ? value : show(key, value)}`),
  ].join(' ');
};
