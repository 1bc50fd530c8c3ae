// Writes docs/api.md from the doc comments of what `vmmci-harness/scenario` exports: `npm run docs:api`.

import { MarkdownTheme, MarkdownThemeContext } from 'typedoc-plugin-markdown';

class Context extends MarkdownThemeContext {
  partials = {
    ...this.partials,
    // A signature says by itself what it takes and returns.
    signatureReturns: () => '',
    inheritance: () => '',
    accessor: ({ getSignature }) =>
      [
        this.partials.signatureTitle(getSignature, { accessor: 'get' }),
        getSignature.comment === undefined ? '' : this.partials.comment(getSignature.comment),
      ].join('\n\n'),
  };
  // Their constraints are unions with a line for each kind of event.
  helpers = { ...this.helpers, getTypeParameters: (list) => list.map(({ name }) => name).join(', ') };
}

class Theme extends MarkdownTheme {
  getRenderContext(page) {
    return new Context(this, page, this.application.options);
  }
}

export default {
  plugin: ['typedoc-plugin-markdown', (app) => app.renderer.defineTheme('short', Theme)],
  theme: 'short',
  entryPoints: ['harness/scenario/public.ts'],
  name: 'vmmci-harness/scenario',
  readme: 'none',
  out: 'docs',
  cleanOutputDir: false,
  entryFileName: 'api',
  outputFileStrategy: 'modules',
  logLevel: 'Warn',
  treatWarningsAsErrors: true,
  // The compiler has checked the types already.
  skipErrorChecking: true,
  excludeInternal: true,
  // All else that an export refers to is listed as well: a type that is not fails the run.
  intentionallyNotExported: [
    'Flat',
    'TraceData',
    'Shapes',
    'requirements',
    'commands',
    'FaultHook',
    'Target',
    'LogEvent',
    'Terminals',
  ],
  groupOrder: ['Functions', 'Interfaces', 'Classes', 'Type Aliases'],
  excludePrivate: true,
  disableSources: true,
  hidePageHeader: true,
  hideGroupHeadings: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: 'none',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  tableColumnSettings: { hideModifiers: true, hideInherited: true, leftAlignHeaders: true },
};
