import {
  type CborValue,
  readBytes,
  readBytesUpTo,
  readHash,
  readNullable,
  readText,
  readTuple,
  readU32,
  readUint,
} from '../../server/protocol/codec.ts';
import { fileChunkCount } from '../../server/protocol/file-format.ts';
import { limits } from '../../server/protocol/limits.ts';
import { ensure } from '../../server/protocol/sodium.ts';

/**
 * What a message of type 'file' says: where the file is, how it opens, and what it must then be. Name, type and thumbnail are the
 * sender's words: nothing is done by them but showing them.
 */
export interface FileDescription {
  readonly fileId: Uint8Array;
  readonly fileKey: Uint8Array;
  readonly header: Uint8Array;
  readonly chunkCount: number;
  /** Of the plaintext without its padding. */
  readonly plainBytes: number;
  /** H("gim1/blob", ciphertext). */
  readonly hash: Uint8Array;
  readonly name: string;
  readonly mime: string;
  /** A small picture, or null. */
  readonly thumb: Uint8Array | null;
}

/** Frozen: [file_id 16, file_key 32, header 24, chunk_count, plain_len, H(ciphertext), name, mime, thumb | null] */
export function encodeFilePayload(file: FileDescription): CborValue {
  const { fileId, fileKey, header, chunkCount, plainBytes, hash, name, mime, thumb } = file;
  return [fileId, fileKey, header, chunkCount, plainBytes, hash, name, mime, thumb];
}

/** Throws `malformed`, also where the numbers do not fit each other or a limit. */
export function decodeFilePayload(payload: CborValue): FileDescription {
  const [fileId, fileKey, header, chunkCount, plainBytes, hash, name, mime, thumb] = readTuple(payload, 9);
  const file = {
    fileId: readBytes(fileId, 16),
    fileKey: readBytes(fileKey, 32),
    header: readBytes(header, 24),
    chunkCount: readU32(chunkCount),
    plainBytes: readUint(plainBytes, limits.fileBytes),
    hash: readHash(hash),
    name: readText(name, limits.fileNameCharacters),
    mime: readText(mime, limits.fileNameCharacters),
    thumb: readNullable(thumb, (item) => readBytesUpTo(item, limits.thumbnailBytes)),
  };
  ensure(file.chunkCount === fileChunkCount(file.plainBytes), 'malformed', 'as many chunks as the length needs');
  return file;
}
