// Drivers that storm, in real guests: the livelock ends the scenario and is named, and every form of the
// report stays within its bound.

import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { readReport } from '../report/model.js';
import { reportFiles } from '../report/write.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(600_000);

interface Storm {
  readonly name: string;
  /** A file of the bundled driver, a line of it, and what the storming driver has in its place. */
  readonly file: string;
  readonly line: string;
  readonly instead: string;
  readonly scenario: string;
  /** What the reason says is repeated. */
  readonly what: string;
  readonly cause: string;
}

const storms: readonly Storm[] = [
  {
    name: 'the ISR is never read, with a level interrupt',
    file: 'obsd_pci.c',
    line: 'u8 isr = ioread8(od->base + VIRTIO_PCI_ISR);',
    instead: 'u8 isr = VIRTIO_PCI_ISR_CONFIG;',
    scenario: 'sticky-stop',
    what: 'without a read of the ISR',
    cause: 'isr-never-read',
  },
  {
    name: 'the handler reads no register, and logs a line',
    file: 'obsd_pci.c',
    line: 'u8 isr = ioread8(od->base + VIRTIO_PCI_ISR);',
    instead: 'u8 isr = 0;\n\n\tdev_info(&od->pci->dev, "interrupt\\n");\n\treturn IRQ_HANDLED;',
    scenario: 'command-order',
    what: 'repeated lines of the kernel log',
    cause: 'handler-reads-nothing',
  },
  {
    name: 'an acknowledgement is repeated for ever',
    file: 'vmmci_command.c',
    line: 'vmmci_write(vm, VMMCI_REG_COMMAND, word);',
    instead: 'while (READ_ONCE(vm->seen) == word)\n\t\t\tvmmci_write(vm, VMMCI_REG_COMMAND, word);',
    scenario: 'sticky-stop',
    what: 'acknowledgements of one command',
    cause: 'acknowledged-twice',
  },
  {
    name: 'a register is read in a tight loop',
    file: 'vmmci_command.c',
    line: 'struct vmmci_sample sample;\n\n\tif (READ_ONCE(drift_interval_ms)) {',
    instead:
      'struct vmmci_sample sample;\n\n\twhile (vmmci_read(vm, VMMCI_REG_COMMAND) != VMMCI_UNKNOWN)\n\t\tcpu_relax();\n\tif (READ_ONCE(drift_interval_ms)) {',
    scenario: 'sticky-stop',
    what: 'accesses to the same registers',
    cause: 'registers-read-in-a-loop',
  },
];

const maxBytes = { junit: 8_000, html: 1_030_000, markdown: 100_000, trace: 25_000_000 };

for (const { name, file, line, instead, scenario, what, cause } of storms)
  t.test(name, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'vmmci-storm-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const driver = join(directory, 'stormy');
    await cp(asset('driver'), driver, { recursive: true });
    const source = await readFile(join(driver, file), 'utf8');
    t.equal(source.split(line).length, 2, 'the line is there once');
    await writeFile(join(driver, file), source.replace(line, instead));
    const run = join(directory, 'run');
    const words = ['--kernel', '6.12-cloud', '--scenario', scenario, '--jobs', '1', '--output', run];
    const { exitCode, stdout } = await execa(
      process.execPath,
      [main, 'matrix', '--driver', driver, ...words],
      {
        env: { VMMCI_DRIVER: undefined, VMMCI_DRIVER_DESCRIPTION: undefined },
        reject: false,
        stderr: 'ignore',
      },
    );
    t.equal(exitCode, 1);
    const report = await readReport(run);
    t.equal(report.driver, 'stormy');
    t.strictSame([...new Set(report.cells.map(({ verdict }) => verdict))], ['failed'], stdout);
    // The file has other scenarios, too.
    const failed = report.cells.filter((cell) => cell.scenario === scenario);
    t.ok(
      failed[0]?.reasons.some((reason) => reason.startsWith('livelock: ') && reason.includes(what)),
      `reasons: ${failed[0]?.reasons.join('\n').slice(0, 500)}`,
    );
    t.strictSame(
      failed[0]?.causes.map(({ id }) => id),
      [cause],
    );
    const registers = await readFile(join(run, failed[0]?.directory ?? '', 'registers.txt'), 'utf8');
    t.match(registers, /CPU#0\nRAX=[0-9a-f]{16} /);

    const lines = stdout.split('\n');
    t.ok(Math.max(...lines.map(({ length }) => length)) <= 160, 'no line is longer than 160 characters');
    const start = lines.findIndex((line) => line.startsWith(`${scenario} on `) && line.endsWith('FAILED:'));
    const end = lines.indexOf('', start);
    t.ok(start >= 0 && end - start <= 20, `${end - start} lines for the failed scenario`);
    const size = async (path: string): Promise<number> => (await stat(join(run, path))).size;
    t.ok((await size(reportFiles.junit)) < maxBytes.junit, 'JUnit');
    t.ok((await size(reportFiles.html)) < maxBytes.html, 'HTML');
    t.ok((await size(reportFiles.markdown)) < maxBytes.markdown, 'Markdown');
    t.ok((await size(join(failed[0]?.directory ?? '', 'trace.jsonl'))) < maxBytes.trace, 'trace');
  });
