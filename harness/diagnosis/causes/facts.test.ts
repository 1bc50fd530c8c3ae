import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { endsAbout, factsOf } from './facts.js';

const top = join(import.meta.dirname, '../../..');

/** The compiled sources without this folder and without tests. */
const sources = async (): Promise<string> => {
  const folders = ['harness', 'scenarios'].map(async (folder) => {
    const names = await readdir(join(top, folder), { recursive: true });
    return names
      .filter((name) => /(?<!\.test)\.js$/.test(name) && !name.startsWith('diagnosis/'))
      .map((name) => join(top, folder, name));
  });
  const texts = (await Promise.all(folders)).flat().map((path) => readFile(path, 'utf8'));
  return (await Promise.all(texts)).join('\n');
};

t.test('the errors that it knows are those of the sources', async (t) => {
  const text = await sources();
  for (const [form, words] of endsAbout) t.ok(text.includes(words), `${form}: ${words}`);
});

t.test('an error that ended the scenario counts as a failed requirement', async (t) => {
  const failed = (reason: string) => [...factsOf({ trace: [], dmesg: [], reasons: [reason] }).failed];
  t.strictSame(failed('no request to go down within 5 s; CPU 0 idle'), ['goes-down', 'carries-out']);
  t.strictSame(failed('no 2 requests to go down within 5 s; CPU 0 idle'), ['goes-down', 'carries-out']);
  t.strictSame(failed('QEMU exited'), []);
});

t.test('a read that a fault answered has its value', async (t) => {
  const read: TraceData = { kind: 'bar-read', offset: 20, width: 4, value: 3 };
  const fault: TraceData = { kind: 'fault', protocol: 'vfio-user', command: 'REGION_READ', value: 7 };
  const trace = [fault, read, read].map((data, seq) => ({ seq, at: seq, ...data }));
  t.strictSame(
    factsOf({ trace, dmesg: [], reasons: [] }).accesses.map(({ value }) => value),
    [7, 3],
  );
});
