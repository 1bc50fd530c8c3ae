// The proxies that apt is told to use.

/** apt reads these from its environment, and only in lower case. */
const names = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];

/** The proxies of this process, whose names people also write in capitals. */
export const proxies = (env: NodeJS.ProcessEnv = process.env): Record<string, string | undefined> =>
  Object.fromEntries(names.map((name) => [name, env[name] ?? env[name.toUpperCase()]]));
