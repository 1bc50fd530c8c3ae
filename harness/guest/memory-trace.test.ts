import t from 'tap';
import { endMemoryTrace, noteAllocations } from './memory-trace.js';
import type { CommandResult } from './shell.js';

const answering = (status: number, stdout: string, stderr = '') => {
  const commands: (readonly string[])[] = [];
  const execute = async (words: readonly string[]): Promise<CommandResult> => {
    commands.push(words);
    return { status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
  };
  return { commands, shell: { execute, output: async () => t.fail('not used') as never } };
};

t.test('returns the functions that allocated what is left, in order', async (t) => {
  const { shell } = answering(0, 'b+0x1/0x2 [m]\na+0x1/0x2 [m]\na+0x1/0x2 [m]\n');
  t.strictSame(await endMemoryTrace(shell), ['a+0x1/0x2 [m]', 'a+0x1/0x2 [m]', 'b+0x1/0x2 [m]']);
  t.strictSame(await endMemoryTrace(answering(0, '').shell), []);
});

t.test('names the modules', async (t) => {
  const { shell, commands } = answering(0, '');
  await noteAllocations(shell, ['one', 'two']);
  t.strictSame(commands, [['memory-trace', 'note', 'one', 'two']]);
});

t.test("a trace that is not complete is not the driver's fault", async (t) => {
  const { shell } = answering(1, '', 'memory-trace: the trace has lost events\n');
  await t.rejects(endMemoryTrace(shell), {
    code: 'GUEST_READ',
    message: /not freed: expected a complete memory trace, got memory-trace: the trace has lost events$/,
  });
});
