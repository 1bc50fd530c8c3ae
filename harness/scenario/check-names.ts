// The names of checks that causes are recognized by, for scenarios.

export { checkNames } from '../diagnosis/check-names.js';
