// The beginnings of names of checks by which a cause is recognized. Scenarios and causes share them, so that
// a check cannot be renamed without its cause.

export const checkNames = {
  eventsLogged: 'events in the kernel log',
  unnamedEvents: 'events that are logged without the name of the driver',
  eventsThatWarn: 'events that are warnings or errors',
  unsetWarnings: 'warnings about a clock that cannot be set',
  otherWarnings: 'other warnings of the driver',
  loggedOffset: 'offset that the line about the set clock names',
  commandsBeforeSleep: 'commands before the sleep',
  commandsAfterSleep: 'commands after the sleep',
  lastCommandAfterSleep: 'last command after the sleep',
  commandsByOffer: 'commands where the host offers',
  stopOfOtherKind: 'requests to go down for a REBOOT and a later SHUTDOWN',
  stopsAfterTwo: 'requests to go down after',
  firstDelay: 'delay of the first poll',
  regularPolls: 'polls that were queued with an interval of',
  pollWaits: 'the poll waits until a processor wakes up',
  differentTimes: 'different readings of the guest time',
  differentDrifts: 'different readings of the drift',
  resolutionOfDrift: 'resolution of the drift',
  unpaddedReadings: 'readings that are not seconds and six digits',
  driverOkAtEnd: 'DRIVER_OK at the end',
  samplesOfPolls: 'time samples that polls take',
  samplesWithoutPolls: 'time samples while the interval is 0',
  resumeWithoutTime: 'error of a resume where the host does not offer the time',
  readsOnWaking: 'readings of the time as the guest wakes up',
  distinctReadings: 'distinct readings',
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
  absenceAtResume: 'lines about a device that does not respond after the sleep',
  fieldValues: 'fields of the configuration space',
  fieldAccesses: 'accesses for these fields',
  hoursAfterSecond: 'whole hours that the clock is ahead after a second SYNCRTC',
  deferred: 'devices that wait for another probe',
  repeatingWarnings: 'warnings of the transport that repeat',
  missingInformation: 'missing information about modules',
  queueInterrupt: 'unhandled interrupts, the ISR reading 1',
  accessesOfQueueInterrupt: 'accesses after the ISR has read as 1',
  errorOfFailure: 'error of the probe when',
  unloggedError: 'none that the kernel logs, and no driver is bound',
  warningsOfFailure: 'lines that the driver logs when',
  loggedErrors: 'errors that the driver logs when',
  frozenDevice: 'going to sleep and waking up of the virtio device',
  accessesInSleep: 'accesses between going to sleep and waking',
  commandsAfterReload: 'commands after a reload',
  commandsBeforeBound: 'commands of a driver that finds an unknown one',
  requestsWithoutProgram: 'requests to go down without /sbin/poweroff',
  acksAfterAbsence: 'acknowledgements when the device responds again',
  loggedDrift: 'drift that the line about a sample names',
  lastSample: 'line about a sample of the last second that the device can show',
  hoursWithoutTime: 'whole hours that the clock is ahead after a SYNCRTC without a valid time',
  driftAfterSleep: "guest's clock by the drift after a sleep",
  clockAfterSleep: "guest's clock after a sleep and a SYNCRTC",
  missingCallbacks: 'callbacks that the PCI driver lacks to wake up',
  restoredFromDisk: 'DRIVER_OK after a resume from disk',
  samplesOfFailure: 'lines about a sample where the microseconds are none',
  monotonicBracket: 'bracket of a reading by the monotonic clock',
  warningsOfLoads: 'warnings that name the driver after several loads',
  eventsOfPolls: 'events for user space that polls cause',
  otherOffer: 'of a function whose host offers other features',
  warningsOfSleep: 'warnings of the driver over a sleep',
  linesOfForeignInterrupt: 'lines about an interrupt of another device',
  commandsAfterMany: 'commands after many',
  driftWithTai: 'drift where the kernel has a TAI offset of',
  namedAcknowledgements: 'acknowledgements that the log names',
  absentStatus: 'warnings of the virtio core about the status of an absent device',
  setFromLittle: 'times that were set from a little off',
  warningsOfPolls: 'warnings of polls without the time',
} as const;

/** Ends the name of a check of a SYNCRTC where the host does not offer the time. */
export const untimedSync = 'SYNCRTC without a time';

/** Ends the name of a check of a step that the scenario has done before. */
export const repeatedStep = ', again';

/** Ends the name of a check of the drift after the guest's clock was adjusted to be fast. */
export const fastGuest = 'of a guest whose clock has been fast for seconds';

/** Matches the names of checks that begin so. */
export const named = (...names: readonly (keyof typeof checkNames)[]): RegExp =>
  new RegExp(`^(?:${names.map((name) => checkNames[name]).join('|')})`);
