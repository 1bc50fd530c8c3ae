import t from 'tap';
import { sourcesFor } from '../packages/sources.js';
import { parseSimulation } from '../packages/unpack.js';
import { compareReleases, imagePattern, kernelPackages, newestRelease } from './packages.js';
import { defaultKernelName, isInAll, kernelRow, kernelTable } from './table.js';

t.test('the kernel table', async (t) => {
  t.equal(kernelTable.length, 16);
  t.equal(new Set(kernelTable.map(({ name }) => name)).size, kernelTable.length);
  t.strictSame(
    kernelTable.filter((row) => !isInAll(row)).map(({ name }) => name),
    ['6.12-debug', '7.3-debug'],
  );
  t.match(kernelRow(defaultKernelName), { series: '6.12', flavour: 'cloud', suite: 'trixie-security' });
  t.throws(() => kernelRow('6.12'), { code: 'UNKNOWN_NAME', message: /'6.12'.*6\.12-cloud/ });
});

t.test('the pattern matches a row’s image packages and no others', async (t) => {
  const cloud = (series: string) => new RegExp(imagePattern({ series, flavour: 'cloud' }));
  const generic = (series: string) => new RegExp(imagePattern({ series, flavour: 'generic' }));
  t.match('linux-image-5.10.0-46-cloud-amd64', cloud('5.10'));
  t.match('linux-image-6.1.0-56-cloud-amd64', cloud('6.1'));
  t.match('linux-image-6.12.117+deb13-cloud-amd64', cloud('6.12'));
  t.match('linux-image-7.2.12+deb13-amd64', generic('7.2'));
  t.match('linux-image-7.3+deb13-amd64', generic('7.3'), 'a release without a patch level');
  for (const name of [
    'linux-image-6.12.117+deb13-cloud-amd64',
    'linux-image-6.1.0-56-amd64',
    'linux-image-6.1.0-56-cloud-amd64-unsigned',
    'linux-image-6.1.0-56-cloud-amd64-dbg',
    'linux-image-6.1.0-56-rt-amd64',
    'linux-image-cloud-amd64',
    'linux-headers-6.1.0-56-cloud-amd64',
  ]) {
    t.notMatch(name, cloud('6.1'), name);
  }
  t.notMatch('linux-image-7.2.12+deb13-cloud-amd64', generic('7.2'));
});

t.test('releases are compared by number, not by letter', async (t) => {
  const found = [
    'linux-image-6.12.9+deb13-amd64 - Linux 6.12',
    'linux-image-6.12.117+deb13-amd64 - Linux 6.12',
    'linux-image-6.12.63+deb13-amd64 - Linux 6.12',
    '',
  ];
  t.equal(newestRelease(found.join('\n')), '6.12.117+deb13-amd64');
  t.equal(
    newestRelease('linux-image-5.10.0-9-amd64 - x\nlinux-image-5.10.0-46-amd64 - x'),
    '5.10.0-46-amd64',
  );
  t.equal(newestRelease(''), undefined);
  t.ok(compareReleases('7.3+deb13', '7.3.1+deb13') !== 0);
});

t.test('kernel packages of a simulated installation', async (t) => {
  const plan = `NOTE: This is only a simulation!
Inst gcc-14-base (14.2.0-19 Debian:13.1/stable [amd64])
Inst linux-base (4.12.1 Debian:13.1/stable [all])
Inst linux-base-7.3.4+deb13-cloud-amd64 (7.3.4-1~bpo13+1 Debian Backports:stable-backports [amd64])
Inst linux-image-7.3.4+deb13-cloud-amd64 (7.3.4-1~bpo13+1 Debian Backports:stable-backports [amd64])
Conf linux-image-7.3.4+deb13-cloud-amd64 (7.3.4-1~bpo13+1 Debian Backports:stable-backports [amd64])
`;
  t.strictSame(kernelPackages(parseSimulation(plan)), [
    { name: 'linux-base-7.3.4+deb13-cloud-amd64', version: '7.3.4-1~bpo13+1' },
    { name: 'linux-image-7.3.4+deb13-cloud-amd64', version: '7.3.4-1~bpo13+1' },
  ]);
});

t.test('32-bit packages keep their architecture, and the programs of a build are 64-bit', async (t) => {
  const plan = `Inst linux-base (4.12.1 Debian:12.15/oldstable [all])
Inst libc6:i386 (2.36-9 Debian:12.15/oldstable [i386]) [libgcc-s1:i386 ]
Inst linux-kbuild-6.1 (6.1.176-1 Debian:12.15/oldstable [amd64])
Inst linux-image-6.1.0-50-686:i386 (6.1.176-1 Debian:12.15/oldstable [i386])
`;
  t.strictSame(kernelPackages(parseSimulation(plan)), [
    { name: 'linux-kbuild-6.1', version: '6.1.176-1' },
    { name: 'linux-image-6.1.0-50-686:i386', version: '6.1.176-1' },
  ]);
  const narrow = new RegExp(imagePattern({ series: '6.1', flavour: '686' }));
  t.match('linux-image-6.1.0-50-686', narrow);
  t.notMatch('linux-image-6.1.0-50-686-pae', narrow);
  const realTime = new RegExp(imagePattern({ series: '6.1', flavour: 'rt' }));
  t.match('linux-image-6.1.0-56-rt-amd64', realTime);
  t.notMatch('linux-image-6.1.0-56-amd64', realTime);
});

t.test("a suite's sources come from the tool root's", async (t) => {
  const lines = `deb [signed-by=/k.gpg arch=amd64 trusted=yes] http://m.example/debian trixie main
deb http://m.example/debian trixie-updates main
deb http://s.example/debian-security trixie-security main
deb http://m.example/debian trixie-backports main
`;
  t.equal(
    sourcesFor('bullseye-security', lines),
    'deb [trusted=yes] http://m.example/debian bullseye main\ndeb http://s.example/debian-security bullseye-security main\n',
  );
  t.equal(
    sourcesFor('trixie-backports', lines),
    'deb [trusted=yes] http://m.example/debian trixie main\ndeb http://s.example/debian-security trixie-security main\ndeb [trusted=yes] http://m.example/debian trixie-backports main\n',
  );
  t.equal(
    sourcesFor('bookworm', lines),
    'deb [trusted=yes] http://m.example/debian bookworm main\n',
    'a point release is complete without its security suite',
  );
  t.throws(() => sourcesFor('bullseye-security', 'deb http://m.example/debian trixie main\n'), {
    message: /no archive for bullseye-security/,
  });
});
