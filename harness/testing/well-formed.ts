// Checks for tests that markup is well-formed, and counts its elements. Browsers would repair errors.

const voids = new Set(['meta', '!doctype', '?xml']);

/** Elements whose content is not markup. */
const raw = new Set(['script', 'style']);

const tagPattern = /<(\/?)([!?]?[A-Za-z][\w-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*([/?]?)>/y;
const textPattern = /[^<]+/y;
const badReference = /&(?!(?:amp|lt|gt|quot|#39|#10);)/;

export interface Markup {
  /** Why the text is not well-formed, with the position; undefined if it is. */
  readonly problem: string | undefined;
  /** The number of elements of each name. */
  readonly counts: Readonly<Record<string, number>>;
}

export const readMarkup = (text: string): Markup => {
  const counts: Record<string, number> = {};
  const open: string[] = [];
  let at = 0;
  const problem = (what: string): Markup => ({
    problem: `${what} at ${at}: ${text.slice(at, at + 80)}`,
    counts,
  });
  while (at < text.length) {
    const inside = open.at(-1) ?? '';
    if (raw.has(inside)) {
      const end = text.indexOf(`</${inside}`, at);
      if (end === -1) return problem(`${inside} without an end`);
      at = end;
    }
    textPattern.lastIndex = at;
    const words = textPattern.exec(text)?.[0];
    if (words !== undefined) {
      if (badReference.test(words)) return problem('a bare ampersand');
      at = textPattern.lastIndex;
      continue;
    }
    tagPattern.lastIndex = at;
    const [, closing, name = '', attributes = '', self] = tagPattern.exec(text) ?? [];
    if (name === '') return problem('no tag');
    if (badReference.test(attributes)) return problem('a bare ampersand');
    if (closing === '/') {
      if (open.pop() !== name) return problem(`</${name}> inside ${inside}`);
    } else {
      counts[name] = (counts[name] ?? 0) + 1;
      if (self === '' && !voids.has(name.toLowerCase())) open.push(name);
    }
    at = tagPattern.lastIndex;
  }
  return open.length === 0 ? { problem: undefined, counts } : problem(`${open.join(' > ')} without an end`);
};
