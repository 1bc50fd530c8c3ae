// The beginnings of names of checks by which a cause is recognized. Scenarios and causes share them, so that
// a check cannot be renamed without its cause.

export const checkNames = {
  eventsLogged: 'events in the kernel log',
  eventsThatWarn: 'events that are warnings or errors',
  unsetWarnings: 'warnings about a clock that cannot be set',
  otherWarnings: 'other warnings of the driver',
  loggedOffset: 'offset that the line about the set clock names',
  commandsBeforeSleep: 'commands before the sleep',
  commandsAfterSleep: 'commands after the sleep',
  lastCommandAfterSleep: 'last command after the sleep',
  commandsByOffer: 'commands where the host offers',
  stopsAfterTwo: 'requests to go down after',
  firstDelay: 'delay of the first poll',
  pollWaits: 'the poll waits until a processor wakes up',
  differentTimes: 'different readings of the guest time',
  differentDrifts: 'different readings of the drift',
  resolutionOfDrift: 'resolution of the drift',
  unpaddedReadings: 'readings that are not seconds and six digits',
  driverOkAtEnd: 'DRIVER_OK at the end',
  samplesOfPolls: 'time samples that polls take',
  samplesUnread: 'samples without a reading',
  readsToSet: 'reads of the time, to set the clock',
  samplesTooClose: 'samples that are closer together than one read takes',
  undescribed: 'parameters without a description',
  foreignModule: 'module for a foreign',
  beyondBar: 'fields beyond BAR0',
  resolutionOfSet: 'resolution of the times that were set',
  setBeforeSample: 'times that were set and are before their sample',
  probeErrors: 'errors of the probe other than ENODEV',
  resumeError: 'resume error',
  deferred: 'devices that wait for another probe',
} as const;

/** Matches the names of checks that begin so. */
export const named = (...names: readonly (keyof typeof checkNames)[]): RegExp =>
  new RegExp(`^(?:${names.map((name) => checkNames[name]).join('|')})`);
