// The file that tells a directory with the artifacts of a run from a directory with sources: a run often leaves them beside the driver.

export const runMarker = '.vmmci-run';
