import sodium, { type StateAddress } from 'libsodium-wrappers';
import { lp } from './hash.ts';

/*
 * Frozen (crypto.md §5.3): a file is padded with zeros to its Padmé length, cut into chunks of 64 KiB and sealed with
 * crypto_secretstream_xchacha20poly1305 under the file's own key: each chunk 17 bytes longer, its associated data
 * lp("gim1/file", file_id, chunk index from 0), the last one with TAG_FINAL. What is stored is the chunks one after the other.
 * H(ciphertext) = H("gim1/blob", all of it).
 */
export const fileChunkBytes = 64 * 1024;
export const sealedChunkOverhead = 17;

/** Of the plaintext with its padding: Padmé (Nikitin et al., 2019) tells of a length only its magnitude and a few bits after that. */
export function paddedFileLength(length: number): number {
  if (length < 2) return length;
  const exponent = floorLog2(length);
  const unit = 2 ** (exponent - floorLog2(exponent) - 1);
  return Math.ceil(length / unit) * unit;
}

/** By bits: Math.log2 may differ between engines, and a length must not. */
function floorLog2(value: number): number {
  return 31 - Math.clz32(value);
}

/** An empty file has one chunk too: somebody must say that it ends there. */
export function fileChunkCount(length: number): number {
  return Math.max(1, Math.ceil(paddedFileLength(length) / fileChunkBytes));
}

/** Of what is stored for a plaintext of `length` bytes. */
export function sealedFileLength(length: number): number {
  return paddedFileLength(length) + sealedChunkOverhead * fileChunkCount(length);
}

export function fileAssociatedData(fileId: Uint8Array, chunkIndex: number): Uint8Array {
  return lp('gim1/file', fileId, chunkIndex);
}

/** H("gim1/blob", …) over bytes that come one after the other. Their number must be known before. */
export class FileHash {
  readonly #state: StateAddress;

  constructor(length: number) {
    this.#state = sodium.crypto_generichash_init(null, 32);
    const prefix = lp('gim1/blob', new Uint8Array());
    // The length of the second item, which is still to come, instead of the empty one's.
    new DataView(prefix.buffer).setUint32(prefix.length - 4, length);
    this.update(prefix);
  }

  update(bytes: Uint8Array): void {
    sodium.crypto_generichash_update(this.#state, bytes);
  }

  /** 32 bytes, once. */
  digest(): Uint8Array {
    return sodium.crypto_generichash_final(this.#state, 32);
  }
}
