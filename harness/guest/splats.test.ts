import t from 'tap';
import { findSplats, splatTitles } from './splats.js';

const titles = (lines: readonly string[]): string[] =>
  splatTitles(findSplats(lines)).map(({ title }) => title);

const frames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `   f${index}+0x1/0x2`);

t.test('a report of lockdep ends with the stack behind its other stacks', async (t) => {
  const report = [
    'WARNING: possible circular locking dependency detected',
    '6.12.118-vmmci-debug #1 Tainted: G           O',
    '------------------------------------------------------',
    'cat/77 is trying to acquire lock:',
    '-> #1 (&vm->clock_lock){....}-{2:2}:',
    ...frames(45),
    '-> #0 (&vm->command_lock){....}-{2:2}:',
    ...frames(45),
    ' *** DEADLOCK ***',
    '3 locks held by cat/77:',
    'stack backtrace:',
    'CPU: 0 UID: 0 PID: 77 Comm: cat',
    'Call Trace:',
    ' <TASK>',
    ...frames(20),
    ' </TASK>',
  ];
  const [splat] = findSplats(report);
  t.strictSame(titles(report), ['WARNING: possible circular locking dependency detected']);
  t.ok((splat?.context.length ?? 0) <= 42, 'shown is only the beginning');
  const later = 'BUG: scheduling while atomic: cat/77/0x00000002';
  t.strictSame(titles([...report, later, 'Call Trace:']).slice(1), ['BUG: scheduling while atomic: cat/…']);
  const again = [
    ...report,
    '='.repeat(30),
    'WARNING: suspicious RCU usage',
    'stack backtrace:',
    'Call Trace:',
  ];
  t.strictSame(titles(again).slice(1), ['WARNING: suspicious RCU usage']);
});

t.test('the message of a warning and the warning are one report', async (t) => {
  const warning = 'WARNING: CPU: 0 PID: 46 at lib/debugobjects.c:514 debug_print_object+0xfc/0x140';
  const message = 'ODEBUG: free active (active state 0) object: 1f object type: timer_list hint: vmmci_poll';
  const trace = ['Call Trace:', ' <TASK>', ...frames(3), ' </TASK>'];
  t.strictSame(titles([message, warning, ...trace]), [message]);
  t.match(titles([message, 'Modules linked in:', warning, ...trace]), [message, /^WARNING: CPU PID at lib/]);
});
