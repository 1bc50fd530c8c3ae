// What a driver has in the guest beyond its memory: by comparison, what it leaves behind when it goes.
import type { Shell } from '../guest/shell.js';
import { functionAddress } from './vm.js';

/**
 * Builtins as far as they go: each program costs some milliseconds under TCG. A handler is told without its number, which
 * those of other drivers change in a resume. Kernel threads are the children of kthreadd, the second process: a program that just
 * ends has no more memory of its own than they have.
 */
const script = (address: string | null): string => `
for handler in /proc/irq/*/*/; do echo "interrupt handler \${handler#/proc/irq/*/}"; done
while read -r range _ name; do echo "I/O range $range $name"; done </proc/ioports
while read -r name _; do echo "module $name"; done </proc/modules
for stat in /proc/[0-9]*/stat; do
	{ read -r _ name _ parent _ <$stat && [ $parent = 2 ] && echo "kernel thread $name"; } 2>/dev/null
done
${address === null ? '' : `read -r enabled </sys/bus/pci/devices/${address}/enable && echo "enable count $enabled"`}
find ${address === null ? '' : `/sys/devices/pci0000:00/${address}`} /sys/bus/virtio/devices /sys/bus/virtio/drivers /sys/bus/pci/drivers \\
	/sys/module /sys/bus/workqueue/devices /proc/sys /proc/sys/dev -maxdepth 1
`;

/**
 * What is not the driver's: workers, which come and go with the work unless they belong to one queue alone (`R-`), and the
 * ranges that the PCI core gives to functions.
 */
const passing = /^kernel thread \(kworker\/(?!R-)|^I\/O range \S+ [\da-f]{4}:[\da-f]{2}:/;

/** Everything that a driver may hold, a line each. An address of `null`: but for what it has of a function, which may come later. */
export const holdings = async (shell: Shell, address: string | null = functionAddress): Promise<string[]> => {
  const lines = (await shell.text(script(address), { what: 'what the guest holds' })).split('\n');
  return lines.filter((line) => !passing.test(line)).sort();
};

/** What is in `after` and was not in `before`. */
export const leftovers = (before: readonly string[], after: readonly string[]): string[] => {
  const known = new Map<string, number>();
  for (const line of before) known.set(line, (known.get(line) ?? 0) + 1);
  return after.filter((line) => {
    const count = known.get(line) ?? 0;
    known.set(line, count - 1);
    return count <= 0;
  });
};
