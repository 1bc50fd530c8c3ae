// A setpriv(1) that runs late, for tests of a process whose parent dies before it has begun.

/**
 * The text of a shell script. It writes its process id to the file `pid` beside it and runs setpriv(1) when
 * the process that started it has died. A command line that contains `except` is run at once. It must be
 * called with the arguments of `withParent`, and be first in PATH.
 */
export const lateSetpriv = (except?: string): string => `#!/bin/sh
here=\${0%/*}
PATH=\${PATH#*:}
${except === undefined ? '' : `case $* in *${except}*) exec setpriv "$@" ;; esac`}
echo $$ >"$here/pid.new"
mv "$here/pid.new" "$here/pid"
while [ -d "/proc/$8" ]; do sleep 0.01; done
exec setpriv "$@"
`;
