import { readImageHeader, textAt } from './image-header.ts';

/**
 * The same picture without what the camera wrote beside it: place, time, device, earlier versions, pictures and films behind its end
 * (U08). Which side is up stays. Null for what is no JPEG, PNG or WebP, or is not whole.
 */
export function stripMetadata(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  try {
    const format = readImageHeader(bytes)?.format;
    if (format === 'jpeg') return stripJpeg(bytes);
    if (format === 'png') return stripPng(bytes);
    return format === 'webp' ? stripWebp(bytes) : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const startOfScan = 0xda;
const endOfImage = 0xd9;

/** ITU T.81 §B.1. Of the application's segments only those stay that say how the colours are meant. */
function stripJpeg(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = viewOf(bytes);
  const kept: Uint8Array[] = [];
  let orientation = 1;
  for (let offset = 2; ;) {
    if (view.getUint8(offset) !== 0xff) throw new RangeError('a marker was expected');
    const marker = view.getUint8(offset + 1);
    if (marker === endOfImage) break;
    if (marker === 0xff) {
      offset += 1;
      continue;
    }
    let end = offset + 2 + view.getUint16(offset + 2);
    if (end > bytes.length) throw new RangeError('cut off');
    if (marker === startOfScan) end = endOfScan(bytes, end);
    const segment = bytes.subarray(offset, end);
    orientation = orientationIn(segment) ?? orientation;
    if (isPicture(marker, segment)) kept.push(segment);
    offset = end;
  }
  return joined([
    bytes.subarray(0, 2),
    ...(orientation === 1 ? [] : [orientationSegment(orientation)]),
    ...kept,
    Uint8Array.of(0xff, endOfImage),
  ]);
}

function isPicture(marker: number, segment: Uint8Array): boolean {
  const isApplication = marker >= 0xe0 && marker <= 0xef;
  if (!isApplication) return marker !== 0xfe;
  // JFIF, Adobe's transform, and the colour profile.
  return marker === 0xe0 || marker === 0xee || (marker === 0xe2 && textAt(viewOf(segment), 4, 11) === 'ICC_PROFILE');
}

/** Where the next marker is that is neither a stuffed byte nor a restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  throw new RangeError('no end');
}

/** Exif 2.3 §4.5: the tag 0x0112 of the first directory. */
function orientationIn(segment: Uint8Array): number | null {
  const view = viewOf(segment);
  if (view.getUint8(1) !== 0xe1 || segment.length < 26 || textAt(view, 4, 4) !== 'Exif') return null;
  const tiff = 10;
  const isLittle = textAt(view, tiff, 2) === 'II';
  const directory = tiff + view.getUint32(tiff + 4, isLittle);
  if (directory + 2 > segment.length) return null;
  const count = Math.min(view.getUint16(directory, isLittle), Math.floor((segment.length - directory - 2) / 12));
  for (let index = 0; index < count; index += 1) {
    const entry = directory + 2 + index * 12;
    if (view.getUint16(entry, isLittle) !== 0x0112) continue;
    const value = view.getUint16(entry + 8, isLittle);
    return value >= 1 && value <= 8 ? value : null;
  }
  return null;
}

function orientationSegment(orientation: number): Uint8Array {
  const exif = [0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0];
  const header = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1];
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...exif, ...header, ...entry]);
}

const toldByPng = new Set(['eXIf', 'tEXt', 'zTXt', 'iTXt', 'tIME']);

/** PNG, third edition, §5: length, type, data, CRC. */
function stripPng(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = viewOf(bytes);
  const kept = [bytes.subarray(0, 8)];
  for (let offset = 8; ;) {
    const end = offset + 12 + view.getUint32(offset);
    if (end > bytes.length) throw new RangeError('cut off');
    const type = textAt(view, offset + 4, 4);
    if (!toldByPng.has(type)) kept.push(bytes.subarray(offset, end));
    if (type === 'IEND') return joined(kept);
    offset = end;
  }
}

/** RFC 9649 §2.7: chunks of even length in a RIFF; VP8X says which there are. */
function stripWebp(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = viewOf(bytes);
  const end = Math.min(bytes.length, 8 + view.getUint32(4, true));
  const kept: Uint8Array[] = [];
  for (let offset = 12; offset + 8 <= end;) {
    const length = view.getUint32(offset + 4, true);
    const next = offset + 8 + length + (length % 2);
    if (offset + 8 + length > bytes.length) throw new RangeError('cut off');
    const type = textAt(view, offset, 4);
    const chunk = Uint8Array.from(bytes.subarray(offset, next));
    if (type === 'VP8X') chunk[8] = (chunk[8] ?? 0) & ~0x0c;
    if (type !== 'EXIF' && type !== 'XMP ') kept.push(chunk);
    offset = next;
  }
  const stripped = joined([bytes.subarray(0, 12), ...kept]);
  viewOf(stripped).setUint32(4, stripped.length - 8, true);
  return stripped;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
