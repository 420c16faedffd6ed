import { constants, createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../platform/app-error.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { FileHash } from '../protocol/file-format.ts';
import type { FileId } from '../protocol/ids.ts';

/** Where the bytes are. Nothing is answered before it is on the disk; every node of an installation sees the same. */
export interface Blobs {
  /** Throws `no_space` when so many more bytes would fill the disk. */
  requireRoom(bytes: number): Promise<void>;
  /** Puts a part in its place in an unfinished blob. Resolves when it is on the disk. Throws `no_space`. */
  write(fileId: FileId, offset: number, part: Uint8Array): Promise<void>;
  /** H("gim1/blob") of an unfinished blob, or of one that is stored; null when there is none of this length. */
  hash(fileId: FileId, length: number): Promise<Uint8Array | null>;
  /** From now on it is stored. Doing it twice is doing it once. */
  store(fileId: FileId): Promise<void>;
  /** Of a stored blob: bytes `from` up to and including `to`. */
  read(fileId: FileId, range: { readonly from: number; readonly to: number }): Readable;
  /** Whatever there is of it. */
  remove(fileId: FileId): Promise<void>;
}

const readBytes = 1024 * 1024;
/** Of a disk that others live on too: the database must not be the one that finds it full. */
const sparedPart = 1 / 20;

/** Blobs as files of a directory, unfinished ones apart. Nobody but this process's user may look inside. */
export async function openBlobDirectory(directory: string): Promise<Blobs> {
  const unfinished = join(directory, 'unfinished');
  const stored = join(directory, 'stored');
  for (const folder of [unfinished, stored]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const unfinishedPath = (fileId: FileId): string => join(unfinished, nameOf(fileId));
  const storedPath = (fileId: FileId): string => join(stored, nameOf(fileId).slice(0, 2), nameOf(fileId));

  return {
    requireRoom: async (bytes) => {
      const { bavail, blocks, bsize } = await statfs(directory);
      if (bavail * bsize - bytes < blocks * bsize * sparedPart)
        throw new AppError('no_space', 'the disk of the attachments is nearly full');
    },
    write: async (fileId, offset, part) => {
      try {
        // Made where it is not there, never emptied: another node may have written what comes before.
        const file = await open(unfinishedPath(fileId), constants.O_WRONLY | constants.O_CREAT, 0o600);
        try {
          await writeAll(file, part, offset);
          await file.datasync();
        } finally {
          await file.close();
        }
        if (offset === 0) await sync(unfinished);
      } catch (error) {
        if (isFull(error)) throw new AppError('no_space', 'the disk of the attachments is full', { cause: error });
        throw error;
      }
    },
    hash: async (fileId, length) => {
      const path = (await sizeOf(unfinishedPath(fileId))) === null ? storedPath(fileId) : unfinishedPath(fileId);
      if ((await sizeOf(path)) !== length) return null;
      const hash = new FileHash(length);
      // As pieces, between which others have their turn.
      for await (const piece of createReadStream(path, { highWaterMark: readBytes })) if (piece instanceof Uint8Array) hash.update(piece);
      return hash.digest();
    },
    store: async (fileId) => {
      const folder = dirname(storedPath(fileId));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await sync(unfinishedPath(fileId)).catch(ignoreMissing);
      await rename(unfinishedPath(fileId), storedPath(fileId)).catch(ignoreMissing);
      if ((await sizeOf(storedPath(fileId))) === null) throw new Error('the blob is gone');
      for (const changed of [folder, stored, unfinished]) await sync(changed);
    },
    read: (fileId, { from, to }) => createReadStream(storedPath(fileId), { start: from, end: to }),
    remove: async (fileId) => {
      for (const path of [unfinishedPath(fileId), storedPath(fileId)]) await rm(path, { force: true });
    },
  };
}

/** In hexadecimal, as some file systems take A for a. Of 16 bytes nothing else can come: the schema has seen to it. */
function nameOf(fileId: FileId): string {
  return Buffer.from(fromBase64Url(fileId)).toString('hex');
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, part: Uint8Array, offset: number): Promise<void> {
  for (let written = 0; written < part.length;) {
    const { bytesWritten } = await file.write(part, written, part.length - written, offset + written);
    written += bytesWritten;
  }
}

/** A name is on the disk once its directory is (fsync(2)). */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(ignoreMissing);
  return found?.size ?? null;
}

/** Another node, or an earlier attempt, was here before. */
function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
