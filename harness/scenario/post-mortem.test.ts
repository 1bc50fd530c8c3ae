import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { HarnessError } from '../base/errors.js';
import type { Machine } from '../qemu/process.js';
import { PostMortem } from './post-mortem.js';

type Answer = (details: Record<string, unknown>) => unknown;

/** QEMU as far as a post-mortem uses it: it answers, and `down` makes the guest go down. */
const machine = (answers: Record<string, Answer> = {}) => {
  const asked: string[] = [];
  let listener = (_: { event: string; data: Record<string, unknown> }): void => {};
  let end = (): void => {};
  const exit = new Promise<void>((resolve) => {
    end = resolve;
  });
  const execute = async (command: string, details: Record<string, unknown> = {}) => {
    asked.push(command);
    if (command === 'quit') end();
    return answers[command]?.(details);
  };
  const qmp = {
    onEvent: (given: typeof listener) => {
      listener = given;
    },
    execute,
    query: (_: unknown, command: string, details?: Record<string, unknown>) => execute(command, details),
  };
  // The deadline is for a guest that never goes; here it always does.
  const timers = { timeout: (ms: number) => ms, after: () => ({ cancel: () => {} }) };
  return {
    machine: { qmp, exit, timers } as unknown as Machine,
    asked,
    exit,
    down: (guest: boolean) => listener({ event: 'SHUTDOWN', data: { guest } }),
  };
};

const registers: Answer = () => 'CPU#0\nRAX=0';

t.test('registers are saved before QEMU ends with the guest, once', async (t) => {
  const { machine: qemu, asked, down, exit } = machine({ 'human-monitor-command': registers });
  const postMortem = new PostMortem(qemu);
  await postMortem.watch();
  down(true);
  await Promise.all([postMortem.gone(), exit]);
  await postMortem.take();
  t.strictSame(asked, ['set-action', 'human-monitor-command', 'quit']);
  t.match(postMortem, { registers: 'CPU#0\nRAX=0', memory: undefined, problems: [] });
});

t.test('an end that the host asked for leaves nothing', async (t) => {
  const { machine: qemu, asked, down } = machine({ 'human-monitor-command': registers });
  const postMortem = new PostMortem(qemu);
  await postMortem.watch();
  down(false);
  t.strictSame(asked, ['set-action']);
  t.equal(postMortem.registers, undefined);
});

t.test('the memory is saved with the name of the kernel, which QEMU leaves out', async (t) => {
  const directory = t.testdir({});
  const path = join(directory, 'vmcore');
  const { machine: qemu } = machine({
    'human-monitor-command': registers,
    // QEMU makes a file that nobody may write to.
    'dump-guest-memory': () => writeFile(path, Buffer.alloc(4096), { mode: 0o400 }),
  });
  const postMortem = new PostMortem(qemu, { directory, release: '6.12-x', architecture: 'amd64' });
  await postMortem.take();
  t.equal(postMortem.memory, path);
  t.strictSame(postMortem.problems, []);
});

t.test('what cannot be saved is a problem of its own, and QEMU ends all the same', async (t) => {
  const refuse: Answer = () => {
    throw new HarnessError('QMP_COMMAND', {
      command: 'dump-guest-memory',
      class: 'GenericError',
      description: 'No space',
    });
  };
  const directory = t.testdir({});
  const answers = { 'human-monitor-command': registers, 'dump-guest-memory': refuse };
  const { machine: qemu, asked, down, exit } = machine(answers);
  const postMortem = new PostMortem(qemu, { directory, release: 'r', architecture: 'amd64' });
  await postMortem.watch();
  down(true);
  await Promise.all([postMortem.gone(), exit]);
  t.equal(asked.at(-1), 'quit');
  t.match(postMortem, { registers: 'CPU#0\nRAX=0', memory: undefined });
  t.match(postMortem.problems, [/^the guest's memory could not be saved: .*No space/]);
});
