import t from 'tap';
import { chooseAccelerator, type KvmEvidence } from './accelerator.js';

const good: KvmEvidence = {
  open: async () => undefined,
  cpuinfo: async () => 'processor\t: 0\nflags\t\t: fpu svm sse2\n',
  boot: async () => undefined,
};

const mustNotRun = async (): Promise<never> => {
  throw new Error('called although an earlier check had decided');
};

t.test('chooses KVM only after a probe has booted', async (t) => {
  t.strictSame(await chooseAccelerator(good), { name: 'kvm', reason: 'the probe booted under KVM' });
});

t.test('chooses TCG if /dev/kvm does not open, without further checks', async (t) => {
  const choice = await chooseAccelerator({
    open: async () => 'EACCES',
    cpuinfo: mustNotRun,
    boot: mustNotRun,
  });
  t.strictSame(choice, { name: 'tcg', reason: '/dev/kvm does not open: EACCES' });
});

t.test('chooses TCG on a CPU without virtualization, where KVM opens but boots nothing', async (t) => {
  const cpuinfo = async (): Promise<string> => 'flags\t\t: fpu sse2 svm_lock\nbugs\t\t: vmx\n';
  const choice = await chooseAccelerator({ ...good, cpuinfo, boot: mustNotRun });
  t.equal(choice.name, 'tcg');
  t.match(choice.reason, 'neither vmx nor svm');
});

t.test('chooses TCG if the probe does not finish, and gives the reason', async (t) => {
  const choice = await chooseAccelerator({ ...good, boot: async () => 'not finished after 2000 ms' });
  t.equal(choice.name, 'tcg');
  t.match(choice.reason, 'not finished after 2000 ms');
});
