import t from 'tap';
import { parseSymbols } from './kernel-symbols.js';

t.test('symbols of the kernel, where it is linked to; those of modules and of CPUs are others', async (t) => {
  const listing = `0000000000000000 A fixed_percpu_data
ffffffffa2000000 T _text
ffffffffa2000100 t do_one
ffffffffa2a00000 D data
ffffffffa3000000 B _end
ffffffffc0400000 t vmmci_look	[virtio_vmmci]
`;
  t.strictSame(parseSymbols(listing), [
    { name: '_text', address: 0xffffffff81000000n, kind: 'function' },
    { name: 'do_one', address: 0xffffffff81000100n, kind: 'function' },
    { name: 'data', address: 0xffffffff81a00000n, kind: 'object' },
  ]);
});

t.test('a kernel that hides its addresses', async (t) => {
  t.throws(() => parseSymbols('0000000000000000 T _text\n0000000000000000 B _end\n'), {
    code: 'GUEST_READ',
    message: /addresses of _text and _end/,
  });
});
