// A scenario file, and the names of the scenarios that it declares.

export interface ScenarioFile {
  readonly path: string;
  /** Without its extension. */
  readonly name: string;
  /** Whether it declares the scenario of that name. */
  declares(scenario: string): boolean;
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What the names look like that `text`, a scenario file, declares; a part that is computed may be anything. */
export const declaredNames = (text: string): RegExp[] =>
  [...text.matchAll(/\bscenario\(\s*(['"`])(.*?)\1/g)].map(([, quote, name = '']) =>
    quote === '`'
      ? new RegExp(
          `^${name
            .split(/\$\{[^}]*\}/)
            .map(literally)
            .join('.+')}$`,
        )
      : new RegExp(`^${literally(name)}$`),
  );
