// What `vmmci backend` and `vmmci function` have in common: JSON lines on standard output, a control socket, a clean end.

import type { MethodTable } from '../vmd/control.js';
import { type ControlServer, serveControl } from '../vmd/control-server.js';
import type { Host } from '../vmd/host.js';

const print = (value: Readonly<Record<string, unknown>>): void =>
  void process.stdout.write(`${JSON.stringify(value)}\n`);

/** Resolves when the process is told to end. */
const toldToEnd = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });

export interface Daemon {
  /** Told in the line that says that the daemon listens. */
  readonly sockets: Readonly<Record<string, string | undefined>>;
  readonly control: string | undefined;
  readonly methods: MethodTable;
  /** The host side, where there is one: what it decides is told on standard output and on the control socket. */
  readonly host?: Host | undefined;
  /** Rejects when the daemon can be of no more use. */
  readonly lost?: Promise<void> | undefined;
  close(): Promise<void>;
}

/** Serves until a signal says to end; resolves with the exit status. Rejects with what `lost` rejects with. */
export const runDaemon = async ({
  sockets,
  control: path,
  methods,
  host,
  lost,
  close,
}: Daemon): Promise<number> => {
  let control: ControlServer | undefined;
  try {
    const end = toldToEnd();
    control = path === undefined ? undefined : await serveControl(path, methods);
    host?.onKill((kill) => {
      print({ event: 'kill', ...kill });
      control?.announce({ kind: 'kill', ...kill });
    });
    print({ ready: true, ...sockets, control: path, pid: process.pid });
    await (lost === undefined ? end : Promise.race([end, lost.then(() => end)]));
    return 0;
  } finally {
    await control?.close();
    await close();
  }
};
