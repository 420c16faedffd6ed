import sodium from 'libsodium-wrappers';
import {
  fileAssociatedData,
  fileChunkBytes,
  fileChunkCount,
  FileHash,
  paddedFileLength,
  sealedChunkOverhead,
  sealedFileLength,
} from '../../server/protocol/file-format.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import type { FileDescription } from './file-payload.ts';
import { randomBytes } from './primitives.ts';

/** What the sealing of a file gives: all that is needed to open it again, but for its name. */
export type SealedFile = Omit<FileDescription, 'name' | 'mime' | 'thumb'>;

/**
 * Seals `plainBytes` bytes under a new id and key, chunk by chunk: what `read` gives at each offset (as many bytes as it was asked for)
 * goes out through `write`. Holds one chunk at a time. A `read` that gives less throws a RangeError: the file has changed meanwhile.
 */
export async function sealFile({
  plainBytes,
  read,
  write,
}: {
  readonly plainBytes: number;
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  readonly write: (sealed: Uint8Array) => Promise<void>;
}): Promise<SealedFile> {
  const [fileId, fileKey] = [randomBytes(16), randomBytes(32)];
  const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(fileKey);
  const hash = new FileHash(sealedFileLength(plainBytes));
  const chunkCount = fileChunkCount(plainBytes);
  for (let index = 0; index < chunkCount; index += 1) {
    const chunk = new Uint8Array(chunkLength(plainBytes, index));
    const offset = index * fileChunkBytes;
    const wanted = Math.min(chunk.length, Math.max(0, plainBytes - offset));
    const plain = wanted === 0 ? new Uint8Array() : await read(offset, wanted);
    if (plain.length !== wanted) throw new RangeError(`wanted ${wanted} bytes, got ${plain.length}`);
    chunk.set(plain);
    const { crypto_secretstream_xchacha20poly1305_TAG_FINAL: final, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: message } = sodium;
    const tag = index === chunkCount - 1 ? final : message;
    const sealed = sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, fileAssociatedData(fileId, index), tag);
    hash.update(sealed);
    await write(sealed);
  }
  return { fileId, fileKey, header, chunkCount, plainBytes, hash: hash.digest() };
}

/**
 * Opens a file from its ciphertext, however that is cut. Each chunk is verified before it goes out through `write`, but only when the
 * promise resolves is the whole what its sender sealed: until then nothing of it may be shown. Throws a CryptoError: `cannot_open` for a
 * chunk that is changed, moved or another file's, `malformed` for one too few or too many, `bad_id` for another hash.
 */
export async function openFile(
  file: SealedFile,
  source: AsyncIterable<Uint8Array>,
  write: (plain: Uint8Array) => Promise<void>,
): Promise<void> {
  const chunks = new ChunkOpener(file);
  let pending = new Uint8Array(chunks.nextLength);
  let filled = 0;
  for await (const bytes of source) {
    for (let offset = 0; offset < bytes.length;) {
      ensure(!chunks.isDone, 'malformed', 'more bytes than the file has');
      const taken = bytes.subarray(offset, offset + pending.length - filled);
      pending.set(taken, filled);
      filled += taken.length;
      offset += taken.length;
      if (filled < pending.length) break;
      await write(chunks.open(pending));
      pending = new Uint8Array(chunks.nextLength);
      filled = 0;
    }
  }
  chunks.finish();
}

/** The state of one opening: which chunk comes next, and the hash so far. */
class ChunkOpener {
  readonly #file: SealedFile;
  readonly #state: ReturnType<typeof sodium.crypto_secretstream_xchacha20poly1305_init_pull>;
  readonly #hash: FileHash;
  #index = 0;

  constructor(file: SealedFile) {
    ensure(file.chunkCount === fileChunkCount(file.plainBytes), 'malformed', 'as many chunks as the length needs');
    this.#file = file;
    this.#state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(file.header, file.fileKey);
    this.#hash = new FileHash(sealedFileLength(file.plainBytes));
  }

  get isDone(): boolean {
    return this.#index === this.#file.chunkCount;
  }

  /** Of the next chunk's ciphertext; 0 after the last. */
  get nextLength(): number {
    return this.isDone ? 0 : chunkLength(this.#file.plainBytes, this.#index) + sealedChunkOverhead;
  }

  /** The plaintext of the next chunk, without padding. */
  open(sealed: Uint8Array): Uint8Array {
    const { fileId, chunkCount, plainBytes } = this.#file;
    const index = this.#index;
    this.#hash.update(sealed);
    // Returns false where the others of libsodium throw (crypto.md §1.1).
    const opened = sodium.crypto_secretstream_xchacha20poly1305_pull(this.#state, sealed, fileAssociatedData(fileId, index));
    if (!opened) throw new CryptoError('cannot_open', 'a chunk does not open');
    const isFinal = opened.tag === sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    ensure(isFinal === (index === chunkCount - 1), 'malformed', 'the file ends somewhere else than it says');
    this.#index += 1;
    const plain = opened.message.subarray(0, Math.max(0, plainBytes - index * fileChunkBytes));
    const hasOnlyPadding = opened.message.subarray(plain.length).every((byte) => byte === 0);
    ensure(hasOnlyPadding, 'malformed', 'something is hidden in the padding');
    return plain;
  }

  finish(): void {
    ensure(this.isDone, 'malformed', 'the end of the file is missing');
    ensure(equalBytes(this.#hash.digest(), this.#file.hash), 'bad_id', 'not the file the message names');
  }
}

/** Of the plaintext of chunk `index`, with padding. */
function chunkLength(plainBytes: number, index: number): number {
  return Math.min(fileChunkBytes, paddedFileLength(plainBytes) - index * fileChunkBytes);
}
