import t from 'tap';
import { UserInput } from './user-input.js';

const setUp = () => {
  const events: string[] = [];
  let finish = (): void => {};
  const host = (what: string): Promise<void> => {
    events.push(what);
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  const input = new UserInput({
    send: (bytes) => events.push(`guest ${bytes}`),
    print: (text) => events.push(`print ${JSON.stringify(text)}`),
    leave: () => events.push('leave'),
    host: { stop: () => host('stop'), command: (line) => host(`command ${line}`) },
    mode: {
      printing: async (step) => {
        events.push('cooked');
        const result = await step();
        events.push('raw');
        return result;
      },
    },
  });
  const type = (text: string): Promise<void> => input.feed(Buffer.from(text, 'latin1'));
  return { events, type, finish: () => finish() };
};

t.test('input goes to the guest, and a key leaves it', async (t) => {
  const { events, type } = setUp();
  await type('ls\r');
  await type('a\x1d');
  await type('\x1db\x1dq');
  t.strictSame(events, ['guest ls\r', 'guest a', 'guest \x1db', 'leave']);
});

t.test('input that arrives while a command runs waits for its end', async (t) => {
  const { events, type, finish } = setUp();
  const stop = type('\x1dsrest');
  const later = type('later');
  await new Promise(setImmediate);
  t.strictSame(events, ['cooked', 'stop']);
  finish();
  await Promise.all([stop, later]);
  t.strictSame(events.slice(2), ['raw', 'guest rest', 'guest later']);
});

t.test('the line of the prompt is a command, and what follows goes to the guest', async (t) => {
  const { events, type, finish } = setUp();
  await type('\x1d:sta');
  const line = type('te\rls');
  await new Promise(setImmediate);
  t.strictSame(events, [
    'print "\\r\\nvmmci> "',
    'print "sta"',
    'print "te\\r\\n"',
    'cooked',
    'command state',
  ]);
  finish();
  await line;
  t.strictSame(events.slice(5), ['raw', 'guest ls']);
});

t.test('an empty or cancelled line is no command', async (t) => {
  for (const end of ['\r', 'state\x03']) {
    const { events, type } = setUp();
    await type(`\x1d:${end}x`);
    t.notOk(
      events.some((event) => event.startsWith('command')),
      JSON.stringify(end),
    );
    t.equal(events.at(-1), 'guest x');
  }
});

t.test('the keys are listed on request, and after an unknown one', async (t) => {
  const { events, type } = setUp();
  await type('\x1d?\x1dx');
  t.match(events, [
    /^print .*Ctrl-\] q +leave.*Ctrl-\] Ctrl-\]/,
    /^print .*\\"x\\" is not a key of this terminal:.*Ctrl-\] q/,
  ]);
});
