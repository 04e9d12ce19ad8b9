const BLOCK = 512;

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

const header = (name: string, size: number, mode: number, type: '0' | '5'): Buffer => {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108); // owner
  block.write(octal(0, 8), 116); // group
  block.write(octal(size, 12), 124);
  block.write(octal(Math.floor(Date.now() / 1000), 12), 136);
  block.write(' '.repeat(8), 148); // counts as spaces in the sum
  block.write(type, 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148);
  return block;
};

const file = (name: string, text: string): Buffer[] => {
  const content = Buffer.from(text);
  const rest = (BLOCK - (content.length % BLOCK)) % BLOCK;
  return [header(name, content.length, 0o600, '0'), content, Buffer.alloc(rest)];
};

/** A few small files of root's as a tar archive, in a folder of their own; nobody else may read them. */
export const packFiles = (folder: string, files: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat([
    header(`${folder}/`, 0, 0o755, '5'),
    ...Object.entries(files).flatMap(([name, text]) => file(`${folder}/${name}`, text)),
    Buffer.alloc(2 * BLOCK),
  ]);
