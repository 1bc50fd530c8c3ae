// Serves a guest to people: terminals on one socket, and the host's side of the device on a control socket.

import { join } from 'node:path';
import type { Trace } from '../base/trace.js';
import type { Device } from '../device/device.js';
import { withFaults } from '../device/fault-method.js';
import type { Terminals } from '../guest/terminals.js';
import { hostNow } from '../host/clock.js';
import { type MethodTable, method } from '../vmd/control.js';
import { controlMethods } from '../vmd/control-methods.js';
import { serveControl } from '../vmd/control-server.js';
import { serveTerminals } from './serve-terminals.js';

/** The parts of a guest that are served. */
export interface ShellGuest {
  readonly terminals: Terminals;
  pause(): Promise<void>;
  unpause(): Promise<void>;
}

export interface ServedShell {
  /** The socket for `vmmci ctl`, which also names the shell to `vmmci shell --attach`. */
  readonly control: string;
  /** Resolves when the last user of a terminal has left. */
  readonly left: Promise<void>;
  close(): Promise<void>;
}

const controlName = 'shell.ctl';
const terminalName = 'shell.tty';

/** The path of the terminals' socket of the shell with that control socket. */
export const terminalSocket = (control: string): string => control.replace(/[^/]*$/, terminalName);

/** The path of the control socket of a shell in that directory. */
export const controlSocket = (directory: string): string => join(directory, controlName);

const methodsOf = (device: Device, guest: ShellGuest, trace: Trace): MethodTable => {
  const methods = controlMethods({
    device: { state: () => device.vmmci.state() },
    host: device.host,
    clock: device.clock,
    trace,
    hostNow,
    function: () => device.pci.state(),
  });
  const pauseMethod = (act: () => Promise<void>) =>
    method({
      params: {},
      run: async () => {
        await act();
        return device.host.state();
      },
    });
  return withFaults(
    {
      ...methods,
      // Unlike the methods of the device alone, these also stop the vCPUs, as vmd does.
      pause: pauseMethod(() => guest.pause()),
      unpause: pauseMethod(() => guest.unpause()),
    },
    { engine: device.faults, serves: ['vfio-user', 'vhost-user'], hasClock: true, trace: trace.sink },
  );
};

/** Listens on both sockets in `directory`, which only this user may enter. */
export const serveShell = async (
  directory: string,
  { device, guest, trace }: { device: Device; guest: ShellGuest; trace: Trace },
): Promise<ServedShell> => {
  const control = controlSocket(directory);
  const terminals = await serveTerminals(terminalSocket(control), guest.terminals);
  try {
    const server = await serveControl(control, methodsOf(device, guest, trace));
    const stop = device.onKill((kill) => server.announce({ kind: 'kill', ...kill }));
    return {
      control,
      left: terminals.left,
      close: async () => {
        stop();
        await server.close();
        await terminals.close();
      },
    };
  } catch (error) {
    await terminals.close();
    throw error;
  }
};
