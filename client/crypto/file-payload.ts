import type { CborValue } from '../../server/protocol/codec.ts';
import { fileChunkCount } from '../../server/protocol/file-format.ts';
import { bytes, bytesUpTo, hash32, nullable, text, tuple, u32, uint, type ValueOf } from '../../server/protocol/format.ts';
import { limits } from '../../server/protocol/limits.ts';
import { ensure } from '../../server/protocol/sodium.ts';

/**
 * What a message of type 'file' says: where the file is, how it opens, and what it must then be. Name, type and thumbnail are the
 * sender's words: nothing is done by them but showing them.
 * Frozen: [file_id 16, file_key 32, header 24, chunk_count, plain_len, H(ciphertext), name, mime, thumb | null]
 */
const fileFormat = tuple({
  fileId: bytes(16),
  fileKey: bytes(32),
  header: bytes(24),
  chunkCount: u32,
  /** Of the plaintext without its padding. */
  plainBytes: uint(limits.fileBytes),
  /** H("gim1/blob", ciphertext). */
  hash: hash32,
  name: text(limits.fileNameCharacters),
  mime: text(limits.fileNameCharacters),
  /** A small picture, or null. */
  thumb: nullable(bytesUpTo(limits.thumbnailBytes)),
});
export type FileDescription = ValueOf<typeof fileFormat>;

export function encodeFilePayload(file: FileDescription): CborValue {
  return fileFormat.write(file);
}

/** Throws `malformed`, also where the numbers do not fit each other or a limit. */
export function decodeFilePayload(payload: CborValue): FileDescription {
  const file = fileFormat.read(payload);
  ensure(file.chunkCount === fileChunkCount(file.plainBytes), 'malformed', 'as many chunks as the length needs');
  return file;
}
