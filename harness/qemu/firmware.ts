// A 64 KiB "BIOS" that counts down from 100 million in real mode and then exits through isa-debug-exit. It
// shows that an accelerator executes code at speed, which opening its device does not.

const imageSize = 0x10000;
/** The CPU's first instruction, as an offset into the image. */
const RESET_VECTOR = 0xfff0;

/** The value written to the debug port. QEMU's exit status is twice this value plus one. */
const exitValue = 33;

/** QEMU's exit status after the firmware has finished. */
export const firmwareExit = exitValue * 2 + 1;

const iterations = Buffer.alloc(4);
iterations.writeUInt32LE(100_000_000);

const program = Buffer.from([
  ...[0x66, 0xb9, ...iterations], // mov ecx, iterations
  ...[0x66, 0x49], // dec ecx
  ...[0x75, 0xfc], // jnz -4
  ...[0xb0, exitValue], // mov al, exitValue
  ...[0xe6, 0xf4], // out 0xf4, al
  0xf4, // hlt
]);

export const firmware = (): Buffer => {
  const image = Buffer.alloc(imageSize, 0xf4);
  program.copy(image, RESET_VECTOR);
  return image;
};
