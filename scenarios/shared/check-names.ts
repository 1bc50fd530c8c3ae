// The names of checks that causes are recognized by, for scenarios.

export { checkNames, fastGuest, repeatedStep, untimedSync } from '../../harness/diagnosis/check-names.js';
