import { limits } from '../../server/protocol/limits.ts';
import { headerBytes, readImageHeader } from './image-header.ts';
import { stripMetadata } from './strip-metadata.ts';

/** What is done with pictures where there is a canvas. */
export interface Pictures {
  /** The picture without place and time; the file as it is where it is no picture, or one of a kind that cannot be cleaned here. */
  clean(file: Blob): Promise<Blob>;
  /** At most `limits.thumbnailBytes` of JPEG, or null for what is no picture. */
  thumbnail(file: Blob): Promise<Uint8Array | null>;
  /** Drawn anew as pixels, for showing: whatever else was in the file is not in this. Null for what is no picture. */
  preview(file: Blob): Promise<Blob | null>;
}

/** Larger ones are no photographs of a telephone; they are sent as they are. */
const maxCleanedBytes = 40 * 1024 * 1024;
const previewSide = 2_048;
const thumbnailSides = [192, 128, 96];
const thumbnailQualities = [0.75, 0.5, 0.3];

/** With the canvas of a worker. */
export function createPictures(): Pictures {
  return {
    clean: async (file) => {
      if (file.size > maxCleanedBytes || !/^image\/|^$/.test(file.type)) return file;
      const stripped = stripMetadata(new Uint8Array(await file.arrayBuffer()));
      if (stripped !== null) return new Blob([stripped], { type: file.type });
      // HEIC: only Apple's browsers draw it, and only there it can be made into something that tells nothing else.
      const isApples = /^image\/hei[cf]/.test(file.type);
      return (isApples ? await drawn(file, { side: null, type: 'image/jpeg', quality: 0.92 }).catch(() => null) : null) ?? file;
    },
    thumbnail: async (file) => {
      if (!(await isPicture(file))) return null;
      for (const [index, side] of thumbnailSides.entries()) {
        const small = await drawn(file, { side, type: 'image/jpeg', quality: thumbnailQualities[index] ?? 0.3 }).catch(() => null);
        if (small === null) return null;
        if (small.size <= limits.thumbnailBytes) return new Uint8Array(await small.arrayBuffer());
      }
      return null;
    },
    preview: async (file) =>
      (await isPicture(file)) ? await drawn(file, { side: previewSide, type: 'image/png', quality: 1 }).catch(() => null) : null,
  };
}

async function isPicture(file: Blob): Promise<boolean> {
  return readImageHeader(new Uint8Array(await file.slice(0, headerBytes).arrayBuffer())) !== null;
}

/** Throws where the browser cannot decode it. `side`: the longer one at most; null: as large as it is. */
async function drawn(
  file: Blob,
  { side, type, quality }: { readonly side: number | null; readonly type: string; readonly quality: number },
): Promise<Blob> {
  const picture = await createImageBitmap(file);
  try {
    const scale = side === null ? 1 : Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    if (type === 'image/jpeg') {
      // JPEG has no transparency; it would become black.
      context.fillStyle = '#ffffff';
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type, quality });
  } finally {
    picture.close();
  }
}
