// A scenario file and the names of the scenarios that it declares.

export interface ScenarioFile {
  readonly path: string;
  /** The file name without its extension. */
  readonly name: string;
  /** True if the file declares a scenario with that name. */
  declares(scenario: string): boolean;
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Patterns for the scenario names that `text` declares; a computed part matches anything. */
export const declaredNames = (text: string): RegExp[] =>
  [...text.matchAll(/\bscenario\(\s*(['"`])(.*?)\1/g)].map(([, quote, name = '']) =>
    quote === '`'
      ? new RegExp(
          `^${name
            .split(/\$\{[^}]*\}/)
            .map(escapeRegExp)
            .join('.+')}$`,
        )
      : new RegExp(`^${escapeRegExp(name)}$`),
  );
