import t from 'tap';
import { ACK, SYNCRTC, TIMESYNC } from '../vmmci/features.js';
import { expectedFeatures, usedFeatures } from './used-features.js';

t.test('a driver that only stops the guest uses no feature but ACK', async (t) => {
  t.equal(usedFeatures({}), ACK);
  t.equal(usedFeatures({ ptp: { clockName: 'x' } }), ACK | TIMESYNC);
  t.equal(usedFeatures({ time: { kind: 'sysfs' } }), ACK | TIMESYNC);
  t.equal(usedFeatures({ syncRtc: 'rtc' }), ACK | SYNCRTC);
  t.equal(usedFeatures({ syncRtc: 'registers' }), ACK | SYNCRTC | TIMESYNC);
});

t.test('a driver must accept what it uses, and may accept what the device knows', async (t) => {
  const all = TIMESYNC | ACK | SYNCRTC;
  const expected = (offered: number, accepted: number) => expectedFeatures({}, { offered, accepted });
  t.equal(expected(all, ACK), ACK);
  t.equal(expected(all, 0), ACK);
  t.equal(expected(all, all), all);
  t.equal(expected(all | 8, all | 8), all, 'no other feature');
  t.equal(expected(TIMESYNC, all), TIMESYNC, 'nothing that is not offered');
  t.equal(expectedFeatures({ syncRtc: 'rtc' }, { offered: all, accepted: ACK }), ACK | SYNCRTC);
});
