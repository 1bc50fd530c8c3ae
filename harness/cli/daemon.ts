// The common part of `vmmci backend` and `vmmci function`: JSON output, the control socket, and a clean exit.

import { watchSignals } from '../run/signals.js';
import type { MethodTable } from '../vmd/control.js';
import { type ControlServer, serveControl } from '../vmd/control-server.js';
import type { Host } from '../vmd/host.js';

const print = (value: Readonly<Record<string, unknown>>): void =>
  void process.stdout.write(`${JSON.stringify(value)}\n`);

/**
 * Resolves at a signal that ends the process, or when its output is no longer read. Call it before anything
 * is created, or a signal during the start leaves it behind.
 */
export const endSignal = (): Promise<void> =>
  new Promise((resolve) => {
    watchSignals(() => resolve());
  });

export interface Daemon {
  /** Printed in the line that says that the daemon listens. */
  readonly sockets: Readonly<Record<string, string | undefined>>;
  readonly control: string | undefined;
  readonly methods: MethodTable;
  /** Resolves when the daemon must end: `endSignal()`. */
  readonly end: Promise<void>;
  /** The host of the device, if any. Its decisions go to standard output and the control socket. */
  readonly host?: Host | undefined;
  /** Rejects when the daemon cannot continue. */
  readonly lost?: Promise<void> | undefined;
  close(): Promise<void>;
}

/** Serves until a signal; resolves with the exit status. Rejects if `lost` rejects. */
export const runDaemon = async ({
  sockets,
  control: path,
  methods,
  end,
  host,
  lost,
  close,
}: Daemon): Promise<number> => {
  let control: ControlServer | undefined;
  try {
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
