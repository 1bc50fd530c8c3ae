// The proxy variables that apt gets.

/** apt reads these environment variables, in lower case only. */
const names = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];

/**
 * The proxy variables of this process by lower-case name; upper-case variables are used where that one is not
 * set.
 */
export const proxies = (env: NodeJS.ProcessEnv = process.env): Record<string, string | undefined> =>
  Object.fromEntries(names.map((name) => [name, env[name] ?? env[name.toUpperCase()]]));
