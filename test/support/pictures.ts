import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';

/** A JPEG as a telephone makes it: `words` stand in it where the place and the device would. */
export async function photo(page: Page, words: string): Promise<Buffer> {
  const drawn = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(1_600, 1_200);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    const gradient = context.createLinearGradient(0, 0, 1_600, 1_200);
    gradient.addColorStop(0, '#0e5363');
    gradient.addColorStop(1, '#c8553d');
    context.fillStyle = gradient;
    context.fillRect(0, 0, 1_600, 1_200);
    context.fillStyle = '#ffffff';
    context.font = '160px sans-serif';
    context.fillText('Ausweis', 480, 640);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })).arrayBuffer());
    return Array.from(bytes);
  });
  const exif = Buffer.concat([Buffer.from('Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0', 'latin1'), Buffer.from(words)]);
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 255]), exif]);
  return Buffer.concat([Buffer.from(drawn).subarray(0, 2), segment, Buffer.from(drawn).subarray(2)]);
}

/** A file of random bytes on the disk, too large to be handed to a page through the debugger. */
export async function largeFile(path: string, megabytes: number): Promise<void> {
  await promisify(execFile)('dd', ['if=/dev/urandom', `of=${path}`, 'bs=1000000', `count=${megabytes}`]);
}
