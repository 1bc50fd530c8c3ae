import { join } from 'node:path';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { driverNames, parseDriver, readDriver } from './description.js';

const whole = {
  name: 'mine',
  modules: ['a', 'b'],
  pciDriver: 'pci-a',
  virtioDriver: 'b',
  time: { kind: 'sysfs', hostTime: 'host_time' },
  parameters: [{ module: 'b', name: 'debug', default: '0' }],
};

const parse = (description: unknown) =>
  parseDriver('/d/vmmci-driver.json', '/d', JSON.stringify(description));

t.test('the description of the bundled driver is read', async (t) => {
  const driver = await readDriver(asset('driver'));
  t.match(driver, { name: 'bundled', syncRtc: 'registers', time: { kind: 'sysfs', driftNs: 'drift_ns' } });
  t.strictSame(driver.ptp, { clockName: 'vmmci' });
  t.strictSame(
    driver.parameters.map(({ name }) => name),
    ['debug', 'drift_interval_ms'],
  );
  t.strictSame(Object.keys(driver.quiet), ['drift_interval_ms']);
});

t.test('a missing field means that the driver does not have the feature', async (t) => {
  const driver = parse(whole);
  t.strictSame(driver.time, { kind: 'sysfs', hostTime: 'host_time' });
  t.equal(driver.commands, undefined);
  t.equal(driver.syncRtc, undefined);
  t.equal(driver.ptp, undefined);
  t.strictSame(driver.quiet, {});
  t.strictSame(parse({ ...whole, parameters: undefined }).parameters, []);
  t.strictSame(driverNames(driver), ['pci-a', 'b']);
  t.strictSame(driverNames(parse({ ...whole, virtioDriver: undefined })), ['pci-a']);
  const time = { kind: 'sysctl', driftSec: 'x.sec', driftNsec: 'x.nsec', everyMs: 20000 };
  t.strictSame(parse({ ...whole, time }).time, time);
});

t.test('the parameter with the interval of the polls', async (t) => {
  const parameters = [{ module: 'b', name: 'poll_ms' }];
  const pollInterval = { parameter: 'poll_ms', minMs: 5 };
  t.strictSame(parse({ ...whole, parameters, pollInterval }).pollInterval, pollInterval);
  t.equal(parse({ ...whole, parameters }).pollInterval, undefined, 'its name alone does not tell');
  t.match(
    parse({ ...whole, parameters: [{ module: 'b', name: 'drift_interval_ms' }] }).pollInterval,
    { parameter: 'drift_interval_ms', minMs: 10 },
    'unless it is the one that all such descriptions have had',
  );
});

t.test('the error for a wrong field names it', async (t) => {
  const cases: [unknown, RegExp][] = [
    [[], /field \(whole\): expected an object/],
    [{ ...whole, name: undefined }, /field name: .* it is missing/],
    [{ ...whole, name: 'a b' }, /field name: .* got "a b"/],
    [{ ...whole, modules: [] }, /field modules: .*not empty/],
    [{ ...whole, modules: ['a', 7] }, /field modules\[1\]: .* got 7/],
    [{ ...whole, modules: ['a.ko'] }, /field modules\[0\]/],
    [{ ...whole, pciDrivr: 'x' }, /field pciDrivr: there is no such field; valid: .*pciDriver/],
    [{ ...whole, time: { kind: 'proc' } }, /field time\.kind: expected "sysfs" or "sysctl", got "proc"/],
    [{ ...whole, time: { kind: 'sysfs', hosttime: 'x' } }, /field time\.hosttime: there is no such field/],
    [{ ...whole, time: { kind: 'sysctl', driftSec: 'sec' } }, /field time\.driftSec: .*sysctl/],
    [
      { ...whole, time: { kind: 'sysctl', driftSec: 'v.s', driftNsec: 'v.n', everyMs: 0 } },
      /field time\.everyMs: expected an integer from 1/,
    ],
    [{ ...whole, ptp: {} }, /field ptp\.clockName: .*missing/],
    [{ ...whole, ptp: { clockName: 'a b' } }, /field ptp\.clockName: .* got "a b"/],
    [{ ...whole, commands: { kind: 'sysfs', last: 'x' } }, /field commands\.counts: .*missing/],
    [{ ...whole, syncRtc: 'ntp' }, /field syncRtc: expected "registers" or "rtc"/],
    [{ ...whole, parameters: [{ name: 'debug' }] }, /field parameters\[0\]\.module: .*missing/],
    [
      { ...whole, pollInterval: { parameter: 'poll_ms' } },
      /field pollInterval\.parameter: "poll_ms" is not the name of one of the parameters/,
    ],
    [{ ...whole, pollInterval: { parameter: 'debug', minMs: 0 } }, /field pollInterval\.minMs: .*from 1/],
    [{ ...whole, quiet: { a: 1 } }, /field quiet\.a: .*got 1/],
    [{ ...whole, quiet: { a: "1'; reboot" } }, /field quiet\.a/],
  ];
  for (const [description, message] of cases)
    t.throws(() => parse(description), { code: 'DRIVER_DESCRIPTION', message }, `${message}`);
  t.throws(() => parseDriver('/d/x.json', '/d', '{"name": '), { message: /\/d\/x\.json.*\(whole\)/ });
});

t.test(
  'the description is the chosen one, the one beside the sources, or that of a known driver',
  async (t) => {
    const directory = t.testdir({
      described: { 'vmmci-driver.json': JSON.stringify(whole), Kbuild: '' },
      public: {
        Makefile: 'obj-m := virtio_vmmci.o \\\n\tvirtio_pci_obsd.o # two\nvirtio_vmmci-y := a.o\n',
        'a.c':
          'module_param_cb(debug, &ops, &debug, 0664); rtc_read_time(rtc, &tm); .procname = "drift_sec",',
      },
      early: { Kbuild: 'obj-m += virtio_vmmci.o virtio_pci_obsd.o\n', 'a.c': 'int debug;\n' },
      other: { Kbuild: 'obj-m += virtio_vmmci.o\nobj-m += other.o\n' },
      odd: { Makefile: {} },
      'd.json': JSON.stringify({ ...whole, name: 'chosen' }),
    });
    const at = (name: string) => join(directory, name);
    t.match(await readDriver(at('described')), { name: 'mine', directory: at('described') });
    t.match(await readDriver(at('described'), at('d.json')), { name: 'chosen', directory: at('described') });
    t.match(await readDriver(at('other'), 'virtio_vmmci'), { name: 'virtio_vmmci', directory: at('other') });
    t.match(await readDriver(at('public')), {
      name: 'virtio_vmmci',
      syncRtc: 'rtc',
      time: { kind: 'sysctl', driftSec: 'vmmci.drift_sec', driftNsec: 'vmmci.drift_nsec' },
    });
    t.match(await readDriver(asset('stand-in-driver')), {
      time: { kind: 'sysctl' },
      syncRtc: 'rtc',
      parameters: { length: 1 },
    });
    const early = await readDriver(at('early'));
    t.match(early, { name: 'virtio_vmmci', pciDriver: 'virtio-pci-obsd', parameters: [] });
    t.strictSame([early.time, early.syncRtc], [undefined, undefined], 'a version that has neither of them');
    t.strictSame(await readDriver(at('early'), 'virtio_vmmci'), early, 'also if it is chosen by its name');
    await t.rejects(readDriver(at('other')), {
      code: 'DRIVER_DESCRIPTION',
      message: /the file is missing.*vmmci init.*--driver-description \(virtio_vmmci\)/,
    });
    await t.rejects(readDriver(at('absent')), {
      code: 'DRIVER_SOURCE',
      message: /absent is not a driver dir/,
    });
    await t.rejects(readDriver(at('odd')), {
      code: 'DRIVER_SOURCE',
      message: /odd is not a driver dir.*EISDIR/,
    });
    await t.rejects(readDriver(at('other'), at('none.json')), {
      code: 'INVALID_VALUE',
      message: /none\.json/,
    });
  },
);
