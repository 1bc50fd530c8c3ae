// Reading JSON that people write: each error names the field by its whole path.

type Refuse = (field: string, reason: string) => never;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The fields of one object or list. Each is asked for by key; `end` refuses those that nobody asked for. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: (key: string) => string;
  readonly #refuse: Refuse;
  readonly #known = new Set<string>();

  private constructor(
    values: Readonly<Record<string, unknown>>,
    path: (key: string) => string,
    refuse: Refuse,
  ) {
    this.#values = values;
    this.#path = path;
    this.#refuse = refuse;
  }

  /** `refuse` is called for whatever is wrong with `text`, also by the methods. */
  static parse(text: string, refuse: Refuse): Fields {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      return refuse('(whole)', error instanceof Error ? error.message : String(error));
    }
    if (!isObject(json)) return refuse('(whole)', 'expected an object');
    return new Fields(json, (key) => key, refuse);
  }

  #take(key: string): unknown {
    this.#known.add(key);
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
  }

  #bad(key: string, expected: string): never {
    const value = this.#take(key);
    const got = value === undefined ? 'it is missing' : `got ${JSON.stringify(value)}`;
    return this.#refuse(this.#path(key), `expected ${expected}, ${got}`);
  }

  /** Fields that may be there and are not looked at. */
  allow(...keys: string[]): void {
    for (const key of keys) this.#known.add(key);
  }

  /** What `read` makes of the field if it is there. */
  optional<T>(key: string, read: () => T): T | undefined {
    return this.#take(key) === undefined ? undefined : read();
  }

  text(key: string, pattern: RegExp, expected: string): string {
    const value = this.#take(key);
    return typeof value === 'string' && pattern.test(value) ? value : this.#bad(key, expected);
  }

  oneOf<const T extends string>(key: string, values: readonly T[]): T {
    const value = this.#take(key);
    const found = values.find((valid) => valid === value);
    return found ?? this.#bad(key, values.map((valid) => `"${valid}"`).join(' or '));
  }

  integer(key: string, least: number, most: number): number {
    const value = this.#take(key);
    return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : this.#bad(key, `an integer from ${least} to ${most}`);
  }

  object(key: string): Fields {
    const value = this.#take(key);
    if (!isObject(value)) return this.#bad(key, 'an object');
    return new Fields(value, (inner) => `${this.#path(key)}.${inner}`, this.#refuse);
  }

  /** At least one element; `read` takes each by its index. */
  list<T>(key: string, read: (list: Fields, index: string) => T): T[] {
    const value = this.#take(key);
    if (!Array.isArray(value) || value.length === 0) return this.#bad(key, 'a list that is not empty');
    const list = new Fields({ ...value }, (index) => `${this.#path(key)}[${index}]`, this.#refuse);
    return value.map((_, index) => read(list, String(index)));
  }

  /** All fields, each a text. */
  texts(pattern: RegExp, expected: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.keys(this.#values).map((key) => [key, this.text(key, pattern, expected)]),
    );
  }

  /**
   * Refuses a field that nobody asked for: a misspelt name would be taken for something that the driver
   * lacks.
   */
  end(): void {
    const stray = Object.keys(this.#values).find((key) => !this.#known.has(key));
    if (stray !== undefined)
      this.#refuse(this.#path(stray), `there is no such field; valid: ${[...this.#known].join(', ')}`);
  }
}
