// The name of a file that marks a run directory. Artifacts are often beside a driver's sources; the marker
// tells them apart.

export const runMarker = '.vmmci-run';
