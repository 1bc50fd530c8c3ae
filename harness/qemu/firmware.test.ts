import t from 'tap';
import { firmware, firmwareExit } from './firmware.js';

t.test('the code at the reset vector counts down and then writes to the exit port', async (t) => {
  const image = firmware();
  t.equal(image.length, 64 * 1024);
  const code = image.subarray(-16);
  t.equal(code.toString('hex', 0, 2), '66b9', 'mov ecx, imm32');
  t.equal(code.readUInt32LE(2), 100_000_000);
  t.equal(code.toString('hex', 6, 8), '6649', 'dec ecx');
  t.equal(code[8], 0x75, 'jnz');
  t.equal(10 + code.readInt8(9), 6, 'back to the dec');
  t.equal(code[10], 0xb0, 'mov al, imm8');
  t.equal((code[11] ?? 0) * 2 + 1, firmwareExit);
  t.equal(firmwareExit, 67);
  t.equal(code.toString('hex', 12, 14), 'e6f4', 'out 0xf4, al');
});
