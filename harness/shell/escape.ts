// Splits what the user types into bytes for the guest and keys for the host, which follow the escape key.
// Pure.

/** Ctrl-], as in telnet(1) and virsh(1). */
const escapeByte = 0x1d;

/** The keys that may follow the escape key, with their descriptions. */
export const escapeKeys = {
  q: 'leave',
  s: 'stop the guest, as vmctl stop does',
  ':': 'type a command of vmmci ctl, such as clock running:2038-01-19T03:14:08Z or state',
  '?': 'list these keys',
} as const;

export type EscapeKey = keyof typeof escapeKeys;

/** The input up to the first key that follows an escape key, or up to the end. */
export interface Typed {
  /** For the guest. */
  readonly input: Buffer;
  /** The key; `unknown` with the character if there is no such key. */
  readonly key?: EscapeKey | { readonly unknown: string };
  /** The input after the key. */
  readonly rest: Buffer;
}

const keyOf = (byte: number): NonNullable<Typed['key']> => {
  const text = String.fromCharCode(byte);
  const key = (Object.keys(escapeKeys) as EscapeKey[]).find((one) => one === text.toLowerCase());
  return key ?? { unknown: text };
};

/** Holds an escape key back until the next key arrives. Pressed twice, it is sent to the guest once. */
export class EscapeReader {
  #isEscaped = false;

  feed(bytes: Buffer): Typed {
    const input: number[] = [];
    for (const [at, byte] of bytes.entries()) {
      const isEscape = byte === escapeByte;
      if (this.#isEscaped) {
        this.#isEscaped = false;
        if (!isEscape) return { input: Buffer.from(input), key: keyOf(byte), rest: bytes.subarray(at + 1) };
        input.push(byte);
      } else if (isEscape) this.#isEscaped = true;
      else input.push(byte);
    }
    return { input: Buffer.from(input), rest: Buffer.alloc(0) };
  }
}
