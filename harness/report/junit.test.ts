import t from 'tap';
import { sampleCell, sampleKernel, sampleReport } from '../testing/report-sample.js';
import { readMarkup } from '../testing/well-formed.js';
import { renderJunit } from './junit.js';

t.test('the markup checker rejects malformed markup', async (t) => {
  for (const bad of ['<a>', '<a></b>', '<a>&</a>', '<a b="&x"/>', '<a b="<"/>', '<a', '</a>', '<a b=c/>'])
    t.type(readMarkup(bad).problem, 'string', bad);
  t.equal(readMarkup('<?xml version="1.0"?><a b="&lt;"><c/>&amp;</a>').problem, undefined);
});

t.test('JUnit XML is well-formed for any text in reasons', async (t) => {
  const xml = renderJunit(sampleReport());
  const { problem, counts } = readMarkup(xml);
  t.equal(problem, undefined);
  t.strictSame(counts, {
    '?xml': 1,
    testsuites: 1,
    testsuite: 5,
    properties: 5,
    property: 15,
    testcase: 11,
    failure: 2,
    error: 1,
    skipped: 2,
    'system-out': 6,
  });
  // XML 1.0 does not allow control characters, not even as references.
  t.notMatch(xml, /(?!\n)\p{Cc}/u);
});

t.test('a class name has one dot, at which CI systems split package and class', async (t) => {
  const kernels = [sampleKernel('6.12-cloud'), sampleKernel('dir-linux-6.12.y')];
  const cells = kernels.map(({ name }) => sampleCell(name, 'clock', 'passed'));
  const xml = renderJunit(sampleReport({ kernels, cells }));
  const names = [...xml.matchAll(/classname="([^"]*)"/g)].map(([, name]) => name);
  t.strictSame(
    new Set(names),
    new Set(['6_12-cloud.steps', '6_12-cloud.vmd_8_0', 'dir-linux-6_12_y.steps', 'dir-linux-6_12_y.vmd_8_0']),
  );
});

t.test('JUnit XML has counts, names and reproduce lines', async (t) => {
  const xml = renderJunit(sampleReport());
  t.match(xml, '<testsuites name="vmmci" tests="11" failures="2" errors="1" skipped="2" time="61.5">');
  t.match(xml, 'classname="old.vmd_8_0" name="clock" time="2"');
  t.match(xml, '<testcase classname="new.steps" name="build"');
  t.match(xml, 'npx vmmci matrix --kernel old --generation 7.8 --scenario stop --keep');
  t.match(xml, 'retried after: QEMU ended');
  t.match(xml, '<error message="stop broken" type="broken">');
});
