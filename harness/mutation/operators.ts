// The mutation operators: each finds, in one node of the syntax tree, the changes that a careless developer
// could have made there.

import type { Node } from '../c-source/syntax.js';
import type { Edit } from './edit.js';
import { constantTable, operatorTable, otherNumbers, siblingConstant, typeTable } from './replacements.js';

interface Context {
  /** The names in capital letters of all sources, in the order in which they appear first. */
  readonly constants: readonly string[];
}

type Find = (node: Node, context: Context) => readonly Edit[];

const replace = ({ startIndex: start, endIndex: end }: Node, text: string): Edit => ({ start, end, text });

/** Without comments, and without what the grammar cannot parse, such as `#ifdef` within a table. */
const named = (node: Node): Node[] =>
  node.namedChildren.filter(
    ({ type }) => type !== 'comment' && type !== 'ERROR' && !type.startsWith('preproc'),
  );

/** Calls that only describe the module or write a line for people: what they say is not behaviour. */
const wordsOnly = /^(MODULE_(AUTHOR|DESCRIPTION|PARM_DESC|VERSION|INFO)|(dev|pr|pci|netdev)_\w+|printk\w*)$/;

const callee = (node: Node | null): string => node?.childForFieldName('function')?.text ?? '';

const isWithin = (node: Node, matches: (above: Node) => boolean): boolean => {
  for (let above = node.parent; above !== null; above = above.parent) if (matches(above)) return true;
  return false;
};

const isInWords = (node: Node): boolean =>
  isWithin(node, (above) => above.type === 'call_expression' && wordsOnly.test(callee(above)));

/** Replaces the operator between or before the operands. */
const operator: Find = (node) => {
  if (!/^(binary|assignment|update)_expression$/.test(node.type)) return [];
  const sign = node.childForFieldName('operator');
  return sign === null ? [] : (operatorTable[sign.text] ?? []).map((text) => replace(sign, text));
};

const unary: Find = (node) => {
  const argument = node.type === 'unary_expression' ? node.childForFieldName('argument') : null;
  return argument === null ? [] : [replace(node, argument.text)];
};

const statementsWithCondition = /^(if|while|do|for)_statement$|^conditional_expression$/;

const condition: Find = (node) => {
  if (!statementsWithCondition.test(node.type)) return [];
  const found = node.childForFieldName('condition');
  if (found === null) return [];
  const inner = found.type === 'parenthesized_expression' ? (named(found)[0] ?? found) : found;
  const negated = replace(inner, `!(${inner.text})`);
  // An endless loop is found by any scenario.
  if (/^(while|do|for)/.test(node.type)) return [negated, replace(inner, '0')];
  return [negated, replace(inner, '1'), replace(inner, '0')];
};

const removable = /^(call|assignment|update)_expression$/;

/** Removes a call, an assignment or a jump. */
const removal: Find = (node) => {
  if (/^(goto|break|continue)_statement$/.test(node.type)) return [replace(node, ';')];
  if (node.type === 'return_statement' && node.parent?.type !== 'function_definition')
    return node.nextNamedSibling === null && node.parent?.parent?.type === 'function_definition'
      ? []
      : [replace(node, ';')];
  if (node.type === 'else_clause') return [replace(node, '')];
  if (node.type !== 'expression_statement') return [];
  const [inner] = named(node);
  if (inner === undefined || !removable.test(inner.type) || /^MODULE_/.test(callee(inner)))
    return /^MODULE_(DEVICE_TABLE|SOFTDEP|ALIAS)$/.test(callee(inner ?? null)) ? [replace(node, '')] : [];
  return [replace(node, node.parent?.type === 'translation_unit' ? '' : ';')];
};

/** Removes an element of an initializer, such as a callback. */
const element: Find = (node) => {
  if (node.type !== 'initializer_list') return [];
  return named(node).map((child) => ({
    start: child.startIndex,
    end: child.nextSibling?.text === ',' ? child.nextSibling.endIndex : child.endIndex,
    text: '',
  }));
};

const swap: Find = (node) => {
  if (node.type !== 'argument_list' && node.type !== 'initializer_list') return [];
  if (isInWords(node) || wordsOnly.test(callee(node.parent))) return [];
  const list = named(node).filter(({ type }) => type !== 'initializer_pair');
  return list.slice(1).flatMap((second, index) => {
    const first = list[index];
    if (first === undefined || first.text === second.text) return [];
    const both = node.text.slice(first.startIndex - node.startIndex, second.endIndex - node.startIndex);
    if (/^\s*#/m.test(both)) return [];
    const between = node.text.slice(first.endIndex - node.startIndex, second.startIndex - node.startIndex);
    return [{ start: first.startIndex, end: second.endIndex, text: `${second.text}${between}${first.text}` }];
  });
};

const type: Find = (node) =>
  /^(primitive_type|type_identifier|sized_type_specifier)$/.test(node.type)
    ? (typeTable[node.text] ?? []).map((text) => replace(node, text))
    : [];

const returned: Find = (node) => {
  const [value] = node.type === 'return_statement' ? named(node) : [];
  if (value === undefined) return [];
  if (value.text === '0') return [replace(value, '-EINVAL'), replace(value, '1')];
  if (/^-E[A-Z]+$/.test(value.text))
    return [replace(value, '0'), replace(value, value.text === '-EIO' ? '-EPERM' : '-EIO')];
  return [replace(value, '0')];
};

const capitals = /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/;

const constant: Find = (node, { constants }) => {
  if (isInWords(node)) return [];
  if (node.type === 'number_literal') return otherNumbers(node.text).map((text) => replace(node, text));
  if (node.type === 'preproc_arg') {
    const text = node.text.replace(/\/\*.*$/, '').trimEnd();
    const { startIndex: start } = node;
    return otherNumbers(text).map((other) => ({ start, end: start + text.length, text: other }));
  }
  if (!/^(identifier|true|false)$/.test(node.type) || callee(node.parent) === node.text) return [];
  const fixed = constantTable[node.text];
  if (fixed !== undefined) return fixed.map((text) => replace(node, text));
  if (!capitals.test(node.text) || /^(enumerator|preproc_\w+|init_declarator)$/.test(node.parent?.type ?? ''))
    return [];
  return [replace(node, siblingConstant(node.text, constants) ?? '0')];
};

/** Strings that reach user space or another program; not those that people read in the log. */
const string: Find = (node) => {
  if (node.type !== 'string_literal' || isInWords(node) || node.text === '""') return [];
  if (/^preproc/.test(node.parent?.type ?? '')) return [];
  const noNewline = node.text.endsWith('\\n"') ? [replace(node, node.text.replace(/\\n"$/, '"'))] : [];
  return [...noNewline, replace(node, '""')];
};

export const operators = {
  operator,
  unary,
  condition,
  removal,
  element,
  swap,
  type,
  returned,
  constant,
  string,
} as const satisfies Readonly<Record<string, Find>>;

export type OperatorName = keyof typeof operators;

/** Constants of a text in the order in which they appear first. */
export const constantsIn = (text: string): string[] => [
  ...new Set(text.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []),
];
