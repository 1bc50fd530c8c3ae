// The part of a tap test that a scenario reports to.

export interface Reporter {
  /** `skip` is the reason for a skipped test. */
  pass(...message: [string] | [string, { readonly skip: string }]): unknown;
  fail(message: string, extra: Readonly<Record<string, unknown>>): unknown;
  comment(message: string): unknown;
}

/** The assertions of a reporter. */
export type Assertions = Pick<Reporter, 'pass' | 'fail'>;
