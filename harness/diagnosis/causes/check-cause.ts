// Defines a cause that is visible in one failed check, by the value that was seen instead of the expected
// one.

import type { TraceEvent } from '../../base/trace-event.js';
import type { RequirementId } from '../requirements.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

export interface CheckForm {
  /** The requirements of the checks; default: those of the cause. */
  readonly of?: readonly RequirementId[];
  /** Matches the name of the check. */
  readonly what: RegExp;
  readonly seen?: RegExp;
  /** True if the check shows the cause; `facts` are those of its scenario. */
  readonly holds?: (check: FailedCheck, facts: Facts) => boolean;
  /** Further events that must show the cause; without any it is not named. */
  readonly besides?: (check: FailedCheck, facts: Facts) => readonly TraceEvent[];
}

/** The failed checks that match the form, in the order in which they failed. */
export const checksOf = (facts: Facts, of: readonly RequirementId[], form: CheckForm): FailedCheck[] =>
  facts.checks.filter(
    (check) =>
      (form.of ?? of).some((requirement) => requirement === check.requirement) &&
      form.what.test(check.what) &&
      (form.seen?.test(check.seen) ?? true) &&
      (form.holds?.(check, facts) ?? true),
  );

export const checkCause = (form: CheckForm, cause: Omit<Cause, 'find'>): Cause => ({
  ...cause,
  find: (facts) => {
    const found = checksOf(facts, cause.explains ?? [cause.requirement], form);
    const [first] = found;
    if (first === undefined) return [];
    if (form.besides === undefined) return found.slice(0, 3);
    const besides = form.besides(first, facts);
    return besides.length === 0 ? [] : [...besides.slice(0, 3), first];
  },
});
