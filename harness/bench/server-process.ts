// The process with the servers: `server-process.js KIND COUNT DIRECTORY`. It sends the socket paths when all
// servers listen, and then reports its use of resources on request.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Trace } from '../base/trace.js';
import { isKind } from './kinds.js';
import type { Usage } from './messages.js';
import { starts } from './servers.js';

const [kind, count, directory] = process.argv.slice(2);
if (!isKind(kind) || directory === undefined) throw new Error(`no server of kind ${kind}`);

const trace = new Trace();
const sockets: string[] = [];
for (let index = 0; index < Number(count); index++) {
  const own = join(directory, String(index));
  mkdirSync(own, { recursive: true, mode: 0o700 });
  sockets.push(await starts[kind](own, trace.sink));
}

const usage = (): Usage => {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rss: process.memoryUsage.rss() };
};

process.on('message', () => process.send?.(usage()));
process.on('disconnect', () => process.exit());
process.send?.(sockets);
