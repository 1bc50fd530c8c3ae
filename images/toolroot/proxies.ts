// The proxy variables that apt gets.

/** apt reads these environment variables, in lower case only. */
const names = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];

/**
 * The proxy variables of this process by lower-case name; upper-case variables are used where that one is not
 * set.
 */
export const proxies = (env: NodeJS.ProcessEnv = process.env): Record<string, string | undefined> =>
  Object.fromEntries(names.map((name) => [name, env[name] ?? env[name.toUpperCase()]]));

/** The host of a proxy without user and password; the whole text if it is not a URL, as apt refuses that. */
const hostOf = (proxy: string): string => (URL.canParse(proxy) ? new URL(proxy).host : proxy);

/**
 * ` (through the proxy HOST of http_proxy)`, to follow the reason of a network failure: the proxy may be at
 * fault, not the archive. Empty if no proxy is set.
 */
export const proxyNote = (env: NodeJS.ProcessEnv = process.env): string => {
  const [name, proxy] =
    Object.entries(proxies(env)).find(([name, value]) => value && name !== 'no_proxy') ?? [];
  return proxy === undefined ? '' : ` (through the proxy ${hostOf(proxy)} of ${name})`;
};
