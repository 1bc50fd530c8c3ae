// Instants as text: ISO-8601 in UTC with up to six fractional digits, as microseconds since the epoch.

/** `YYYY-MM-DDTHH:MM:SS[.f…]Z` */
const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z$/;

export const INSTANT_FORM = 'YYYY-MM-DDTHH:MM:SS[.ffffff]Z';

/** Microseconds since 1970-01-01T00:00:00Z, or in words why the text is no instant. Years 1970 to 9999. */
export const parseInstant = (text: string): bigint | string => {
  const match = form.exec(text);
  if (match === null) return `'${text}' is not of the form ${INSTANT_FORM}`;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (year < 1970) return `'${text}' is before 1970`;
  if (second === 60) return `'${text}' is a leap second, which the clock of a host never shows`;
  if (hour > 23 || minute > 59 || second > 59) return `'${text}' has no such time of day`;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date rolls over what does not exist, such as 30 February: a day too many always ends in another month.
  if (new Date(ms).getUTCMonth() !== month - 1) return `'${text}' is not a date that exists`;
  return BigInt(ms) * 1000n + BigInt((match[7] ?? '').padEnd(6, '0'));
};

/** The instant with all six fractional digits, e.g. `2026-11-22T12:00:00.000001Z`. */
export const formatInstant = (us: bigint): string => {
  const second = new Date(Number(us / 1_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(us % 1_000_000n).padStart(6, '0')}Z`;
};
