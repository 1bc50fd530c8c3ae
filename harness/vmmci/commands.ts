// The values of the command register (vmd virtio.h 1.14 … 1.66).

export const commands = { NONE: 0, SHUTDOWN: 1, REBOOT: 2, SYNCRTC: 3 } as const;

export type CommandName = keyof typeof commands;

/** A value that the command register can hold. */
export type Command = (typeof commands)[CommandName];

/** What the host can request. NONE is a state, not a request. */
export type Request = Exclude<CommandName, 'NONE'>;

export const requests = ['SHUTDOWN', 'REBOOT', 'SYNCRTC'] as const satisfies readonly Request[];

const commandNames = ['NONE', ...requests] as const satisfies readonly CommandName[];

/** The name of a command value; `undefined` if there is no such command. */
export const commandName = (value: number): CommandName | undefined => commandNames[value];
