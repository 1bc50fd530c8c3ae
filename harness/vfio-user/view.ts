// The properties of a request that a fault can select.

import type { MessageView } from '../faults/hook.js';
import { commandName } from './command.js';
import type { Header } from './header.js';
import type { Request } from './messages.js';

/** `request` is `undefined` if the message could not be decoded. */
export const viewOf = (header: Header, request: Request | undefined): MessageView => {
  const view: MessageView = { protocol: 'vfio-user', command: commandName(header.command) };
  if (request?.kind === 'region-read' || request?.kind === 'region-write') {
    view.region = request.region;
    view.offset = Number(request.offset);
    view.width = request.kind === 'region-read' ? request.count : request.data.length;
  }
  return view;
};
