// The names of checks that causes are recognized by, for scenarios.

export { checkNames, fastGuest, repeatedStep } from '../diagnosis/check-names.js';
