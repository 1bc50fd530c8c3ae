// A headless Chromium for tests, driven through its debugging pipe.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { BrowserCommand } from '../../images/browser/ensure.js';
import { DevTools, type Fields } from './devtools.js';

const flags = [
  '--headless',
  '--remote-debugging-pipe',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--window-size=1400,1000',
];

export interface Page {
  /** Evaluates an expression to plain data. Rejects if it throws. */
  evaluate<T>(expression: string): Promise<T>;
  send(method: string, params?: Fields): Promise<Fields>;
  /** The URLs that it requested from the network and the file system. */
  readonly requests: readonly string[];
  /** Errors of scripts, and violations of the content security policy. */
  readonly errors: readonly string[];
}

export interface Browser {
  /** Resolves when the page has loaded. */
  open(url: string): Promise<Page>;
  close(): Promise<void>;
}

const openPage = async (devTools: DevTools, url: string): Promise<Page> => {
  const { targetId } = await devTools.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await devTools.send('Target.attachToTarget', { targetId, flatten: true });
  const requests: string[] = [];
  const errors: string[] = [];
  let loaded = (): void => {};
  const isLoaded = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  const handlers: Readonly<Record<string, (params: Fields) => void>> = {
    'Page.loadEventFired': () => loaded(),
    'Network.requestWillBeSent': ({ request }) => requests.push(String((request as Fields).url)),
    'Runtime.exceptionThrown': ({ exceptionDetails }) => errors.push(JSON.stringify(exceptionDetails)),
    'Log.entryAdded': ({ entry }) => {
      const { level, text } = entry as Fields;
      if (level === 'error') errors.push(String(text));
    },
  };
  devTools.listen((message) => {
    if (message.sessionId === sessionId) handlers[message.method ?? '']?.(message.params ?? {});
  });
  const send = (method: string, params?: Fields): Promise<Fields> =>
    devTools.send(method, params, String(sessionId));
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`);
  await send('Page.navigate', { url });
  await isLoaded;
  return {
    requests,
    errors,
    send,
    evaluate: async <T>(expression: string): Promise<T> => {
      const { result, exceptionDetails } = await send('Runtime.evaluate', {
        expression,
        returnByValue: true,
        awaitPromise: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
  };
};

/** Pages can be opened from `directory`, which also gets the browser's profile. */
export const startChromium = async (command: BrowserCommand, directory: string): Promise<Browser> => {
  const profile = `--user-data-dir=${join(directory, 'profile')}`;
  const { file, args } = command(directory, [...flags, profile, 'about:blank']);
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (data: string) => {
    complaints = `${complaints}${data}`.slice(-2000);
  });
  const ended = once(child, 'close');
  const devTools = new DevTools(child.stdio[3] as Writable, child.stdio[4] as Readable);
  void ended.then(() => devTools.end(new Error(`the browser has ended: ${complaints}`)));
  return {
    open: (url) => openPage(devTools, url),
    close: async () => {
      // The browser may end before it answers. It ends with its pipe, too, if this process is killed.
      await devTools.send('Browser.close').catch(() => {});
      await ended;
    },
  };
};
