// The mirror that mmdebstrap uses. By default none is named, since mmdebstrap knows the archive's own.

import { HarnessError } from '../../harness/base/errors.js';

const checked = (name: string, value: string): string => {
  if (!/^https?:\/\/[^\s/][^\s]*$/.test(value)) {
    const expected = 'the URL of a Debian archive such as http://HOST/debian';
    throw new HarnessError('INVALID_VALUE', { name, expected, value });
  }
  return value.replace(/\/+$/, '');
};

/**
 * mmdebstrap's MIRROR arguments. `VMMCI_MIRROR` replaces the archive. The security archive is
 * `VMMCI_SECURITY_MIRROR`, or the mirror's address with `-security` appended, where mirrors usually have it.
 * Throws INVALID_VALUE for a value that is not a URL.
 */
export const mirrorArguments = (suite: string, env: NodeJS.ProcessEnv = process.env): string[] => {
  const { VMMCI_MIRROR: mirror, VMMCI_SECURITY_MIRROR: security } = env;
  if (!mirror && !security) return [];
  if (!mirror) {
    throw new HarnessError('MIRROR_ALONE', { set: 'VMMCI_SECURITY_MIRROR', missing: 'VMMCI_MIRROR' });
  }
  const main = checked('VMMCI_MIRROR', mirror);
  const updates = security ? checked('VMMCI_SECURITY_MIRROR', security) : `${main}-security`;
  return [
    `deb ${main} ${suite} main`,
    `deb ${main} ${suite}-updates main`,
    `deb ${updates} ${suite}-security main`,
  ];
};
