// Inserts probes into C sources: one before each statement, one for each outcome of each condition. No line
// moves.

import { functionOf, type Node, nodesOf, parseC } from '../c-source/syntax.js';
import { maxProbes, probeCode } from './probe-code.js';

export interface Probe {
  readonly file: string;
  readonly function: string;
  /** Line breaks within a condition or a statement: lines from `first` to `last`, from 1. */
  readonly first: number;
  readonly last: number;
  /** `statement`: the lines were reached. `true` and `false`: the condition had that outcome. */
  readonly kind: 'statement' | 'true' | 'false';
}

export interface Instrumented {
  readonly sources: ReadonlyMap<string, string>;
  /** By number. */
  readonly probes: readonly Probe[];
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

const statements = /^(expression|if|while|do|for|switch|return|goto|break|continue|labeled)_statement$/;

/** Statements that contain statements. The lines of their probe are only those of the head. */
const heads = /^(if|while|for|switch)_statement$/;

const lineOf = ({ startPosition }: Node): number => startPosition.row + 1;

const lastLine = (node: Node): number => node.endPosition.row + 1;

/** True for a macro that is a loop: it has no semicolon, and the next statement is its body. */
const isLoopMacro = (node: Node | null): boolean => node?.lastChild?.isMissing === true;

const lastOfHead = (node: Node): number => {
  if (!heads.test(node.type)) return node.type === 'do_statement' ? lineOf(node) : lastLine(node);
  const body = node.childForFieldName('body') ?? node.childForFieldName('consequence');
  const before = body?.previousSibling;
  return before ? lastLine(before) : lineOf(node);
};

/**
 * The first line of the declarations with initial values directly before the statement; otherwise that of the
 * statement.
 */
const declarationsBefore = (node: Node): number => {
  let first = lineOf(node);
  for (let at = node.previousNamedSibling; at !== null; at = at.previousNamedSibling) {
    if (at.type === 'comment') continue;
    if (at.type !== 'declaration') break;
    if (at.namedChildren.some(({ type }) => type === 'init_declarator')) first = lineOf(at);
  }
  return first;
};

class File {
  readonly #insertions: Insertion[] = [];

  constructor(
    readonly name: string,
    readonly probes: Probe[],
  ) {}

  #probe(node: Node, kind: Probe['kind'], first: number, last: number): number {
    const name = functionOf(node) ?? '';
    return this.probes.push({ file: this.name, function: name, first, last, kind }) - 1;
  }

  #statement(node: Node): void {
    // The probe follows the label, so that a jump to the label passes it.
    if (node.type === 'labeled_statement') return;
    const { parent } = node;
    if (parent === null || isLoopMacro(node.previousNamedSibling)) return;
    const id = this.#probe(node, 'statement', declarationsBefore(node), lastOfHead(node));
    const isInList = /^(compound|case|labeled)_statement$/.test(parent.type) || parent.type === 'ERROR';
    this.#insertions.push({ at: node.startIndex, text: `${isInList ? '' : '{ '}__coverage_at(${id}); ` });
    if (!isInList) this.#insertions.push({ at: node.endIndex, text: ' }' });
  }

  #condition(node: Node): void {
    const found = node.childForFieldName('condition');
    const inner = found?.type === 'parenthesized_expression' ? found.namedChildren[0] : found;
    if (!inner || inner.type === 'comment') return;
    const [first, last] = [lineOf(inner), lastLine(inner)];
    const yes = this.#probe(node, 'true', first, last);
    const no = this.#probe(node, 'false', first, last);
    this.#insertions.push(
      { at: inner.startIndex, text: `__coverage_branch(${yes}, ${no}, !!(` },
      { at: inner.endIndex, text: '))' },
    );
  }

  #empty(body: Node): void {
    const id = this.#probe(body, 'statement', lineOf(body), lastLine(body));
    this.#insertions.push({ at: body.startIndex + 1, text: ` __coverage_at(${id}); ` });
  }

  visit(node: Node): void {
    if (functionOf(node) === undefined) return;
    if (node.type === 'compound_statement' && node.parent?.type === 'function_definition')
      if (node.namedChildren.every(({ type }) => type === 'comment')) this.#empty(node);
    if (statements.test(node.type)) this.#statement(node);
    if (/^(if|while|do|for)_statement$|^conditional_expression$/.test(node.type)) this.#condition(node);
  }

  apply(text: string): string {
    let result = text;
    // Starts at the end, so that earlier positions stay valid. Keeps the order of insertions at the same
    // position.
    const ordered = this.#insertions.map((insertion, index) => ({ ...insertion, index }));
    ordered.sort((a, b) => b.at - a.at || b.index - a.index);
    for (const { at, text: inserted } of ordered)
      result = `${result.slice(0, at)}${inserted}${result.slice(at)}`;
    return result;
  }
}

/**
 * Instruments the C files among the sources, except the files `unprobed`; all other files stay as they are.
 */
export const instrument = async (
  sources: ReadonlyMap<string, string>,
  unprobed: readonly string[] = [],
): Promise<Instrumented> => {
  const probes: Probe[] = [];
  const changed = new Map(sources);
  const names = [...sources.keys()].filter((name) => /\.[ch]$/.test(name)).sort();
  for (const name of names.filter((each) => !unprobed.includes(each))) {
    const text = sources.get(name) ?? '';
    const file = new File(name, probes);
    for (const node of nodesOf(await parseC(text))) file.visit(node);
    changed.set(name, file.apply(text));
  }
  if (probes.length > maxProbes)
    throw new Error(`the driver needs ${probes.length} probes, more than ${maxProbes}`);
  for (const name of names.filter((each) => each.endsWith('.c')))
    changed.set(name, probeCode(name, probes.length) + changed.get(name));
  return { sources: changed, probes };
};
