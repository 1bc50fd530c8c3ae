// What makes a guest one that people work in: terminals, and the host's side of the device on a control socket.

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

/** Of a guest, what people at the host's side use. */
export interface ShellGuest {
  readonly terminals: Terminals;
  pause(): Promise<void>;
  unpause(): Promise<void>;
}

export interface ServedShell {
  /** The socket for `vmmci ctl`, which also names the shell to `vmmci shell --attach`. */
  readonly control: string;
  /** Resolves when somebody has come to a terminal and nobody is there any more. */
  readonly left: Promise<void>;
  close(): Promise<void>;
}

const controlName = 'shell.ctl';
const terminalName = 'shell.tty';

/** Where the terminals are of the shell with that control socket. */
export const terminalSocket = (control: string): string => control.replace(/[^/]*$/, terminalName);

/** Where the control socket is of a shell in that directory. */
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
  const standStill = (act: () => Promise<void>) =>
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
      // vmd's own pause stops the vCPUs too.
      pause: standStill(() => guest.pause()),
      unpause: standStill(() => guest.unpause()),
    },
    { engine: device.faults, serves: ['vfio-user', 'vhost-user'], hasClock: true, trace: trace.sink },
  );
};

/** Listens on both sockets in `directory`, which nobody else can enter. */
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
