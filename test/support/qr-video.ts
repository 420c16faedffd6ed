import { writeFile } from 'node:fs/promises';
import encodeQr from 'qr';

const width = 640;
const height = 480;
const ink = 16;
const paper = 235;

/** What a camera sees that is held in front of a QR code: one picture in YUV4MPEG2, which Chromium takes in a camera's place and repeats. */
export async function writeQrVideo(path: string, text: string): Promise<void> {
  const modules = encodeQr(text, 'raw', { ecc: 'medium', border: 4 });
  const scale = Math.floor(height / modules.length);
  const luma = new Uint8Array(width * height).fill(paper);
  const left = Math.floor((width - modules.length * scale) / 2);
  for (const [row, cells] of modules.entries()) {
    for (const [column, dark] of cells.entries()) {
      if (!dark) continue;
      for (let y = row * scale; y < (row + 1) * scale; y += 1)
        luma.fill(ink, y * width + left + column * scale, y * width + left + (column + 1) * scale);
    }
  }
  const chroma = new Uint8Array((width / 2) * (height / 2) * 2).fill(128);
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`);
  await writeFile(path, Buffer.concat([head, Buffer.from('FRAME\n'), luma, chroma]));
}
