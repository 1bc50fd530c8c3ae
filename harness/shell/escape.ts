// What the user types in a terminal: bytes for the guest, and the escape key with what follows it. Pure.

/** Ctrl-], as telnet(1) and virsh(1) have it. */
const escapeByte = 0x1d;

/** The keys behind the escape key, with what the list of them says. */
export const escapeKeys = {
  q: 'leave',
  s: 'stop the guest, as vmctl stop does',
  ':': 'type a command of vmmci ctl, such as clock running:2038-01-19T03:14:08Z or state',
  '?': 'list these keys',
} as const;

export type EscapeKey = keyof typeof escapeKeys;

/** What was typed up to the first key behind an escape key, or up to the end. */
export interface Typed {
  /** For the guest. */
  readonly input: Buffer;
  /** The key; `unknown` with the character if there is no such key. */
  readonly key?: EscapeKey | { readonly unknown: string };
  /** What is behind it. */
  readonly rest: Buffer;
}

const keyOf = (byte: number): NonNullable<Typed['key']> => {
  const text = String.fromCharCode(byte);
  const key = (Object.keys(escapeKeys) as EscapeKey[]).find((one) => one === text.toLowerCase());
  return key ?? { unknown: text };
};

/** Holds an escape key back until the next one is there. Twice the escape key is one for the guest. */
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
