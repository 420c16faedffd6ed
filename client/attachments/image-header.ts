/** What the first bytes of a picture say: read before anything decodes it, since a few of them can ask for gigabytes (U07). */
export interface ImageHeader {
  readonly format: 'jpeg' | 'png' | 'gif' | 'webp';
  readonly width: number;
  readonly height: number;
}

/** So many bytes are enough: what cameras write before a picture's size is shorter. */
export const headerBytes = 512 * 1024;
/** Of the largest cameras of telephones. Decoded it takes four bytes each. */
const maxPixels = 64_000_000;

/** Null for anything but the four formats that every browser draws, and for pictures too large to be drawn. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header = jpeg(view) ?? png(view) ?? gif(view) ?? webp(view);
    return header !== null && header.width > 0 && header.height > 0 && header.width * header.height <= maxPixels ? header : null;
  } catch (error) {
    // Cut off in the middle of what it says.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** ITU T.81 §B.1: segments until the one that begins a frame. */
function jpeg(view: DataView): ImageHeader | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let offset = 2; ;) {
    const marker = view.getUint16(offset);
    if (marker >> 8 !== 0xff) return null;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { format: 'jpeg', height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    offset += marker === 0xffff ? 1 : 2 + view.getUint16(offset + 2);
  }
}

function png(view: DataView): ImageHeader | null {
  if (view.byteLength < 24 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return null;
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(view: DataView): ImageHeader | null {
  if (view.byteLength < 10 || textAt(view, 0, 4) !== 'GIF8') return null;
  return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** RFC 9649 §2. */
function webp(view: DataView): ImageHeader | null {
  if (view.byteLength < 30 || textAt(view, 0, 4) !== 'RIFF' || textAt(view, 8, 4) !== 'WEBP') return null;
  const kind = textAt(view, 12, 4);
  if (kind === 'VP8X') return { format: 'webp', width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
  if (kind === 'VP8 ') return { format: 'webp', width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  const bits = view.getUint32(21, true);
  return kind === 'VP8L' ? { format: 'webp', width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) } : null;
}

function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) + view.getUint8(offset + 2) * 65_536;
}

export function textAt(view: DataView, offset: number, length: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode(view.getUint8(offset + index))).join('');
}
