// Parses C sources with tree-sitter. What the grammar cannot parse, such as a macro with a type as its
// argument, becomes an error node; everything around it is still usable.

import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';

export type { Node } from 'web-tree-sitter';

const makeParser = async (): Promise<Parser> => {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve('tree-sitter-c/tree-sitter-c.wasm');
  return new Parser().setLanguage(await Language.load(grammar));
};

let parser: Promise<Parser> | undefined;

/** The root node of the syntax tree. Positions are indexes of `text` in UTF-16 code units. */
export const parseC = async (text: string): Promise<Node> => {
  parser ??= makeParser();
  const tree = (await parser).parse(text);
  // Only a parser without language or with a timeout returns none.
  if (tree === null) throw new Error('the C parser returned no tree');
  return tree.rootNode;
};

/** All named nodes below `node` in the order of the source, `node` included. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of node.namedChildren) if (child !== null) yield* nodesOf(child);
}

/** The name of the function that contains the node; `undefined` outside of functions. */
export const functionOf = (node: Node): string | undefined => {
  for (let at: Node | null = node; at !== null; at = at.parent) {
    if (at.type !== 'function_definition') continue;
    let declarator = at.childForFieldName('declarator');
    while (declarator !== null && declarator.type !== 'identifier')
      declarator = declarator.childForFieldName('declarator');
    return declarator?.text;
  }
  return undefined;
};
