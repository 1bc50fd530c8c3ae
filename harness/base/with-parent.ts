// The beginning of a setpriv(1) command line whose program ends when this process does.

/**
 * Ends without running the program if its parent is no longer the process $1: setpriv asks the kernel for the
 * signal, and the kernel sends none for a parent that had already died.
 */
const unlessOrphaned = '[ "$PPID" = "$1" ] || exit; shift; exec "$@"';

/**
 * Arguments for setpriv; a program and its arguments follow. The kernel sends the program `signal` when this
 * process dies.
 */
export const withParent = (signal: 'KILL' | 'TERM'): string[] => [
  ...['--pdeathsig', signal, '--', 'sh', '-c', unlessOrphaned, 'sh', String(process.pid)],
];
