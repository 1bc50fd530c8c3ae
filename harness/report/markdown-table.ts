// Renders a Markdown table with aligned columns, so that it is readable in a terminal too.

/** The first row is the header. `numeric` aligns all columns but the first to the right. */
export const markdownTable = (
  rows: readonly (readonly string[])[],
  { numeric = false }: { readonly numeric?: boolean } = {},
): string => {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const isRight = (column: number): boolean => numeric && column > 0;
  const line = (cell: (width: number, column: number) => string): string =>
    `| ${widths.map(cell).join(' | ')} |`;
  const render = (row: readonly string[]): string =>
    line((width, column) => {
      const cell = row[column] ?? '';
      return isRight(column) ? cell.padStart(width) : cell.padEnd(width);
    });
  const rule = line((width, column) => (isRight(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [render(head), rule, ...body.map(render)].join('\n');
};
