// The names of checks that causes are recognized by, for scenarios.

export { checkNames, fastGuest, repeatedStep, untimedSync } from '../diagnosis/check-names.js';
