import { describe, expect, test } from 'vitest';
import { readImageHeader } from '../../../client/attachments/image-header.ts';
import { stripMetadata } from '../../../client/attachments/strip-metadata.ts';

const text = (words: string): number[] => [...Buffer.from(words, 'latin1')];
const segment = (marker: number, ...body: number[]): number[] => [0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body];
const frame = (width: number, height: number): number[] =>
  segment(0xc0, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0);
const begin = [0xff, 0xd8];
const end = [0xff, 0xd9];
const secret = text('GPS 49.61 N 6.13 E');

/** Exif with orientation 6 and, in its second directory, a place. */
function exif(): number[] {
  const entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
  return segment(0xe1, ...text('Exif\0\0II'), 42, 0, 8, 0, 0, 0, 1, 0, ...entry, 0, 0, 0, 0, ...secret);
}

function jpeg(): Uint8Array {
  const scan = [...segment(0xda, 1, 1, 0, 0, 63, 0), 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4];
  return Uint8Array.from([
    ...begin,
    ...segment(0xe0, ...text('JFIF\0'), 1, 1),
    ...exif(),
    ...segment(0xe1, ...text('http://ns.adobe.com/xap/1.0/\0'), ...secret),
    ...segment(0xe2, ...text('ICC_PROFILE\0'), 1, 1),
    ...segment(0xe2, ...text('MPF\0'), ...secret),
    ...segment(0xfe, ...secret),
    ...segment(0xdb, 1, 2, 3),
    ...frame(640, 480),
    ...scan,
    ...segment(0xc4, 9, 9),
    ...scan,
    ...end,
    // A second picture behind the end, with a place of its own.
    ...begin,
    ...exif(),
    ...end,
  ]);
}

function chunk(type: string, ...body: number[]): number[] {
  return [0, 0, body.length >> 8, body.length & 255, ...text(type), ...body, 0, 0, 0, 0];
}

function png(width = 10, height = 20): Uint8Array {
  const size = [width, height].flatMap((value) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
  return Uint8Array.from([
    0x89,
    ...text('PNG\r\n\x1a\n'),
    ...chunk('IHDR', ...size, 8, 6, 0, 0, 0),
    ...chunk('eXIf', ...secret),
    ...chunk('tEXt', ...secret),
    ...chunk('IDAT', 1, 2, 3),
    ...chunk('IEND'),
    ...secret,
  ]);
}

function riff(type: string, ...body: number[]): number[] {
  return [...text(type), body.length & 255, body.length >> 8, 0, 0, ...body, ...(body.length % 2 === 1 ? [0] : [])];
}

function webp(): Uint8Array {
  const body = [
    ...text('WEBP'),
    ...riff('VP8X', 0x0c, 0, 0, 0, 99, 0, 0, 49, 0, 0),
    ...riff('VP8 ', 1, 2, 3),
    ...riff('EXIF', ...secret),
    ...riff('XMP ', ...secret),
  ];
  return Uint8Array.from([...text('RIFF'), body.length & 255, body.length >> 8, 0, 0, ...body]);
}

function holds(bytes: Uint8Array | null, words: readonly number[]): boolean {
  return Buffer.from(bytes ?? []).includes(Buffer.from(words));
}

describe('the header of a picture', () => {
  test('gives its size, in each format', () => {
    expect(readImageHeader(jpeg())).toEqual({ format: 'jpeg', width: 640, height: 480 });
    expect(readImageHeader(png())).toEqual({ format: 'png', width: 10, height: 20 });
    expect(readImageHeader(webp())).toEqual({ format: 'webp', width: 100, height: 50 });
    expect(readImageHeader(Uint8Array.from([...text('GIF89a'), 4, 0, 2, 0, 0, 0]))).toEqual({ format: 'gif', width: 4, height: 2 });
  });

  test('U07 of 30,000 by 30,000 pixels is refused before anything decodes it', () => {
    expect(readImageHeader(png(30_000, 30_000))).toBeNull();
    expect(readImageHeader(Uint8Array.from([0xff, 0xd8, ...frame(30_000, 30_000)]))).toBeNull();
    expect(readImageHeader(png(0, 10))).toBeNull();
  });

  test('is not found in what only calls itself a picture, or is cut off', () => {
    for (const words of ['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', '%PDF-1.7', '', 'ftypheic', '<html>'])
      expect(readImageHeader(Uint8Array.from(text(words))), words).toBeNull();
    for (let length = 0; length < 60; length += 1) expect(() => readImageHeader(jpeg().subarray(0, length))).not.toThrow();
  });
});

describe('U08 before a picture is sealed', () => {
  test('a JPEG loses place, text and what stands behind its end; it keeps colours, picture and which side is up', () => {
    const bytes = jpeg();
    expect(holds(bytes, secret)).toBe(true);
    const stripped = stripMetadata(bytes);
    expect(holds(stripped, secret)).toBe(false);
    expect(holds(stripped, text('ICC_PROFILE'))).toBe(true);
    expect(holds(stripped, [1, 2, 0xff, 0, 3, 0xff, 0xd0, 4])).toBe(true);
    expect(holds(stripped, [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6])).toBe(true);
    expect([...(stripped ?? [])].slice(-2)).toEqual([0xff, 0xd9]);
    expect(readImageHeader(stripped!)).toEqual({ format: 'jpeg', width: 640, height: 480 });
    expect(stripMetadata(stripped!)).toEqual(stripped);
  });

  test('a PNG and a WebP lose theirs, and stay pictures', () => {
    for (const bytes of [png(), webp()]) {
      expect(holds(bytes, secret)).toBe(true);
      const stripped = stripMetadata(bytes);
      expect(holds(stripped, secret)).toBe(false);
      expect(readImageHeader(stripped!)).toEqual(readImageHeader(bytes));
    }
    const stripped = stripMetadata(webp())!;
    expect(new DataView(stripped.buffer).getUint32(4, true)).toBe(stripped.length - 8);
    expect(stripped[20]).toBe(0);
  });

  test('what is not whole is left as it is rather than broken', () => {
    for (let length = 0; length < jpeg().length - 30; length += 7) expect(() => stripMetadata(jpeg().subarray(0, length))).not.toThrow();
    expect(stripMetadata(jpeg().subarray(0, 200))).toBeNull();
    expect(stripMetadata(Uint8Array.from(text('%PDF-1.7')))).toBeNull();
  });
});
