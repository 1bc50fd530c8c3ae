// What a driver has in the guest beyond its memory: by comparison, what it leaves behind when it goes.
import type { Shell } from '../guest/shell.js';
import { functionAddress } from './vm.js';

/** Builtins as far as they go: each program costs some milliseconds under TCG. */
const script = (address: string): string => `
for handler in /proc/irq/*/*/; do echo "interrupt handler \${handler#/proc/irq/}"; done
while read -r range _ name; do echo "I/O range $range $name"; done </proc/ioports
while read -r name _; do echo "module $name"; done </proc/modules
for comm in /proc/[0-9]*/comm; do
	[ -e "\${comm%comm}exe" ] && continue
	{ read -r name <$comm && echo "kernel thread $name"; } 2>/dev/null
done
read -r enabled </sys/bus/pci/devices/${address}/enable && echo "enable count $enabled"
find /sys/devices/pci0000:00/${address} /sys/bus/virtio/devices /sys/bus/virtio/drivers /sys/bus/pci/drivers \\
	/sys/module /sys/bus/workqueue/devices /proc/sys /proc/sys/dev -maxdepth 1
`;

/** Workers come and go with the work; those that belong to one queue alone (\`R-\`) do not. */
const passing = /^kernel thread kworker\/(?!R-)/;

/** Everything that a driver may hold, a line each. */
export const holdings = async (shell: Shell, address = functionAddress): Promise<string[]> => {
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
