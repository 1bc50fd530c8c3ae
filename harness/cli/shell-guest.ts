// The guest of `vmmci shell`: device, control socket, driver, and a copy of the driver's directory.

import { join } from 'node:path';
import { copyDirectory } from '../../images/guest/directory-payload.js';
import { writePayload } from '../../images/guest/payload.js';
import { HarnessError } from '../base/errors.js';
import { listOf } from '../base/text.js';
import { messageOf } from '../base/thrown.js';
import { Trace } from '../base/trace.js';
import type { Environment } from '../run/environment.js';
import { Devices, type PreparedGuest, prepareGuest } from '../scenario/scene.js';
import type { Vm } from '../scenario/vm.js';
import { type ServedShell, serveShell } from '../shell/serve-shell.js';

/** The path of the copy in the guest. */
export const guestDirectory = '/driver';

export interface ShellGuestOptions {
  readonly environment: Environment;
  /** A directory for sockets and disks. */
  readonly directory: string;
  /** A directory that QEMU may write to. */
  readonly shared?: string | undefined;
  readonly clock: string;
  readonly cpus: 1 | 2;
  /** Load the driver; otherwise it is only installed. */
  readonly load: boolean;
  /** Called with each warning for the user. */
  readonly warn: (line: string) => void;
}

export interface OpenedShell extends PreparedGuest {
  readonly served: ServedShell;
  /** Copies the driver's directory again. */
  copy(): Promise<void>;
  close(): Promise<void>;
}

/** Names of files in a warning. */
const maxNames = 3;

const copyInto = async (vm: Vm, directory: string, warn: (line: string) => void): Promise<void> => {
  if (vm.payload === undefined) throw new HarnessError('SCENARIO_LACKS', { what: 'a payload disk' });
  const { entries, leftOut } = await copyDirectory(directory, guestDirectory.slice(1));
  await writePayload(vm.payload.path, entries, 'latin1');
  await vm.shell.output(['payload'], { what: `copy of the driver's directory` });
  if (leftOut.length > 0)
    warn(`${guestDirectory} has no room for the largest files: ${listOf(leftOut, maxNames)}`);
};

/**
 * Resolves when the guest has started with its driver. A driver that does not load is only a warning, because
 * the user may be looking into that.
 */
export const openShellGuest = async ({
  environment,
  directory,
  shared,
  clock,
  cpus,
  load,
  warn,
}: ShellGuestOptions): Promise<OpenedShell> => {
  const trace = new Trace();
  const sockets = join(directory, 'sockets');
  const devices = new Devices(sockets);
  let vm: Vm | undefined;
  let served: ServedShell | undefined;
  const close = async (): Promise<void> => {
    await served?.close();
    await vm?.machine.kill();
    for (const device of devices.all) await device.close();
  };
  try {
    const prepared = await prepareGuest({
      environment,
      options: { clock, cpus, driver: load ? 'loaded' : 'installed' },
      trace,
      devices,
      directory,
      sockets,
      shared,
      onVm: (started) => {
        vm = started;
      },
    });
    const copy = () => copyInto(prepared.vm, environment.driver.directory, warn);
    await copy();
    if (load)
      await prepared.driver
        .load()
        .catch((error: unknown) => warn(`the driver is not loaded: ${messageOf(error)}`));
    served = await serveShell(directory, { device: prepared.device, guest: prepared.vm, trace });
    return { ...prepared, served, copy, close };
  } catch (error) {
    await close();
    throw error;
  }
};
