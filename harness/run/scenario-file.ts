// A scenario file and the names of the scenarios that it declares.

/**
 * The folders of the bundled scenarios: those of `vmmci test`, slow ones, and those of the distribution
 * guest.
 */
export type Tier = 'guest' | 'slow' | 'distro';

export interface ScenarioFile {
  readonly path: string;
  /** The file name without its extension. */
  readonly name: string;
  /** True if the file declares a scenario with that name. */
  declares(scenario: string): boolean;
  /** The names of scenarios that are written as such in the file, for suggestions. */
  readonly literals: readonly string[];
  /** Absent for your own scenarios. */
  readonly tier?: Tier;
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The name is in a variable, so it is written somewhere else in the file. */
const isElsewhere = /\bscenario\(\s*[\w$.]+\s*,/;

const named = (name: string): RegExp => new RegExp(`^${escapeRegExp(name)}$`);

/** The names of scenarios that `text` has as literals in the call itself. */
const literalNames = (text: string): string[] =>
  [...text.matchAll(/\bscenario\(\s*(['"])(.*?)\1/g)].map(([, , name = '']) => name);

/** Patterns for the scenario names that `text` declares; a computed part matches anything. */
export const declaredNames = (text: string): RegExp[] => {
  const elsewhere = isElsewhere.test(text) ? [...text.matchAll(/(['"`])([\w-]+)\1/g)] : [];
  return [
    ...[...text.matchAll(/\bscenario\(\s*(['"`])(.*?)\1/g)].map(([, quote, name = '']) =>
      quote === '`'
        ? new RegExp(
            `^${name
              .split(/\$\{[^}]*\}/)
              .map(escapeRegExp)
              .join('.+')}$`,
          )
        : named(name),
    ),
    ...elsewhere.map(([, , name = '']) => named(name)),
  ];
};

/** What a file with this text says about its scenarios. */
export const scenariosIn = (text: string): Pick<ScenarioFile, 'declares' | 'literals'> => {
  const declared = declaredNames(text);
  return {
    declares: (scenario) => declared.some((name) => name.test(scenario)),
    literals: literalNames(text),
  };
};
