// A headless Chromium for tests. It is driven through its debugging pipe by DevTools messages that end with
// NUL.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { BrowserCommand } from '../../images/browser/ensure.js';

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

type Fields = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

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
  const [output, input] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  output.on('error', () => {});
  const waiting = new Map<number, { resolve(result: Fields): void; reject(error: Error): void }>();
  const listeners = new Set<(message: Message) => void>();
  let count = 0;
  let rest = '';
  input.setEncoding('utf8').on('data', (data: string) => {
    const parts = `${rest}${data}`.split('\0');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      if (message.id === undefined) for (const listener of listeners) listener(message);
      const asked = waiting.get(message.id ?? -1);
      waiting.delete(message.id ?? -1);
      if (message.error !== undefined) asked?.reject(new Error(message.error.message));
      else asked?.resolve(message.result ?? {});
    }
  });
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`the browser has ended: ${complaints}`));
  });
  const send = (method: string, params: Fields = {}, sessionId?: string): Promise<Fields> =>
    new Promise((resolve, reject) => {
      count += 1;
      waiting.set(count, { resolve, reject });
      output.write(`${JSON.stringify({ id: count, method, params, sessionId })}\0`);
    });

  const open = async (url: string): Promise<Page> => {
    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
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
    listeners.add((message) => {
      if (message.sessionId === sessionId) handlers[message.method ?? '']?.(message.params ?? {});
    });
    const ask = (method: string, params?: Fields): Promise<Fields> => send(method, params, String(sessionId));
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await ask(`${domain}.enable`);
    await ask('Page.navigate', { url });
    await isLoaded;
    return {
      requests,
      errors,
      send: ask,
      evaluate: async <T>(expression: string): Promise<T> => {
        const { result, exceptionDetails } = await ask('Runtime.evaluate', {
          expression,
          returnByValue: true,
          awaitPromise: true,
        });
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
        return (result as { value: T }).value;
      },
    };
  };
  return {
    open,
    close: async () => {
      // It ends with its pipe, too, if we are killed.
      await send('Browser.close').catch(() => {});
      await ended;
    },
  };
};
