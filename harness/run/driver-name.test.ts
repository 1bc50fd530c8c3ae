import t from 'tap';
import { asset } from '../../images/asset.js';
import { nameDriver } from './driver-name.js';

const nameOf = (name: string, directory: string) => nameDriver({ name }, directory).name;

t.test('only the driver of this repository is the bundled one', async (t) => {
  t.equal(nameOf('bundled', asset('driver')), 'bundled');
  t.equal(nameOf('bundled', `${asset('driver')}/`), 'bundled');
  t.equal(nameOf('bundled', '/home/me/my driver'), 'my-driver');
  t.equal(nameOf('bundled', '/home/me/bundled/'), 'copy-of-bundled');
  t.equal(nameOf('bundled', '/'), 'copy-of-bundled');
  t.equal(nameOf('virtio_vmmci', '/home/me/my driver'), 'virtio_vmmci');
});
