import t from 'tap';
import { chooseAccelerator, type KvmEvidence } from './accelerator.js';

const good: KvmEvidence = {
  open: async () => undefined,
  cpuinfo: async () => 'processor\t: 0\nflags\t\t: fpu svm sse2\n',
  boot: async () => undefined,
};

const unasked = async (): Promise<never> => {
  throw new Error('asked though the matter was settled');
};

t.test('KVM only when a probe has booted', async (t) => {
  t.strictSame(await chooseAccelerator(good), { name: 'kvm', reason: 'the probe booted under KVM' });
});

t.test('a device that does not open settles it', async (t) => {
  const choice = await chooseAccelerator({ open: async () => 'EACCES', cpuinfo: unasked, boot: unasked });
  t.strictSame(choice, { name: 'tcg', reason: '/dev/kvm does not open: EACCES' });
});

t.test('a CPU without virtualisation settles it: such a KVM opens and boots nothing', async (t) => {
  const cpuinfo = async (): Promise<string> => 'flags\t\t: fpu sse2 svm_lock\nbugs\t\t: vmx\n';
  const choice = await chooseAccelerator({ ...good, cpuinfo, boot: unasked });
  t.equal(choice.name, 'tcg');
  t.match(choice.reason, 'neither vmx nor svm');
});

t.test('a probe that does not finish settles it, with what happened', async (t) => {
  const choice = await chooseAccelerator({ ...good, boot: async () => 'not finished after 2000 ms' });
  t.equal(choice.name, 'tcg');
  t.match(choice.reason, 'not finished after 2000 ms');
});
