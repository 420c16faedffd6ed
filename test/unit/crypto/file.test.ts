import sodium from 'libsodium-wrappers';
import { describe, expect, test } from 'vitest';
import { openFile, sealFile, type SealedFile } from '../../../client/crypto/file.ts';
import { decodeFilePayload, encodeFilePayload, type FileDescription } from '../../../client/crypto/file-payload.ts';
import { fromBase64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { encode } from '../../../server/protocol/codec.ts';
import { fileAssociatedData, fileChunkBytes, FileHash, paddedFileLength, sealedFileLength } from '../../../server/protocol/file-format.ts';
import { hash } from '../../../server/protocol/hash.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { CryptoError, type CryptoErrorCode, cryptoReady } from '../../../server/protocol/sodium.ts';
import frozen from '../../vectors/file.json' with { type: 'json' };

await cryptoReady;

const sealedChunk = fileChunkBytes + 17;

/** Bytes that differ everywhere. */
function plaintext(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255);
}

async function seal(plain: Uint8Array): Promise<{ file: SealedFile; sealed: Uint8Array }> {
  const chunks: Uint8Array[] = [];
  const file = await sealFile({
    plainBytes: plain.length,
    read: async (offset, length) => plain.subarray(offset, offset + length),
    write: async (chunk) => void chunks.push(chunk),
  });
  return { file, sealed: Buffer.concat(chunks) };
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

async function open(file: SealedFile, sealed: Uint8Array, pieceSize = 100_000): Promise<Uint8Array> {
  const opened: Uint8Array[] = [];
  await openFile(file, pieces(sealed, pieceSize), async (plain) => void opened.push(plain));
  return Buffer.concat(opened);
}

/** What is written before a refusal must be nothing that anybody shows: the promise rejects. */
async function expectRefusal(file: SealedFile, sealed: Uint8Array, code: CryptoErrorCode): Promise<void> {
  const error: unknown = await open(file, sealed).catch((caught: unknown) => caught);
  expect(error, 'nothing was refused').toBeInstanceOf(CryptoError);
  expect(error).toMatchObject({ code });
}

function cut(sealed: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(sealed.length / sealedChunk) }, (_, index) =>
    sealed.subarray(index * sealedChunk, (index + 1) * sealedChunk),
  );
}

/** The file whose ciphertext this would be: as if its sender had lied in the message. */
function claiming(file: SealedFile, sealed: Uint8Array): SealedFile {
  return { ...file, hash: hash('gim1/blob', sealed) };
}

describe('a sealed file', () => {
  test.each([0, 1, 17, fileChunkBytes - 1, fileChunkBytes, fileChunkBytes + 1, 3 * fileChunkBytes, 300_001])(
    'of %i bytes opens again',
    async (length) => {
      const plain = plaintext(length);
      const { file, sealed } = await seal(plain);
      expect(sealed.length).toBe(sealedFileLength(length));
      expect(file.hash).toEqual(hash('gim1/blob', sealed));
      for (const pieceSize of [sealed.length + 1, sealedChunk, 1_000])
        expect(Buffer.from(await open(file, sealed, pieceSize))).toEqual(Buffer.from(plain));
    },
  );

  test('tells of its length only what Padmé tells', () => {
    expect([0, 1, 2, 9, 100, 1_000, 1_025, 65_537, 1_000_000].map(paddedFileLength)).toEqual([
      0, 1, 2, 10, 104, 1_024, 1_088, 67_584, 1_015_808,
    ]);
    for (let length = 2; length < 100_000; length += 97) {
      const padded = paddedFileLength(length);
      expect(padded).toBeGreaterThanOrEqual(length);
      expect(padded).toBeLessThan(length * 1.12 + 2);
      expect(paddedFileLength(padded)).toBe(padded);
    }
  });

  test('has another key, id and ciphertext each time', async () => {
    const [one, other] = [await seal(plaintext(100)), await seal(plaintext(100))];
    expect(one.file.fileKey).not.toEqual(other.file.fileKey);
    expect(one.file.fileId).not.toEqual(other.file.fileId);
    expect(one.sealed).not.toEqual(other.sealed);
  });

  test('is not sealed when it has become shorter meanwhile', async () => {
    const sealing = sealFile({ plainBytes: 100, read: async () => plaintext(99), write: async () => undefined });
    await expect(sealing).rejects.toBeInstanceOf(RangeError);
  });

  test('is hashed the same in pieces as in one', () => {
    const bytes = plaintext(1_000);
    const inPieces = new FileHash(bytes.length);
    for (const piece of [bytes.subarray(0, 1), bytes.subarray(1, 700), bytes.subarray(700)]) inPieces.update(piece);
    expect(inPieces.digest()).toEqual(hash('gim1/blob', bytes));
  });
});

describe('attack 29: a file is refused', () => {
  const plain = plaintext(4 * fileChunkBytes);

  test('with two chunks swapped, also when the message vouches for the bytes', async () => {
    const { file, sealed } = await seal(plain);
    const [first, second, ...rest] = cut(sealed);
    const swapped = Buffer.concat([second!, first!, ...rest]);
    await expectRefusal(file, swapped, 'cannot_open');
    await expectRefusal(claiming(file, swapped), swapped, 'cannot_open');
  });

  test('without its last chunk, and without part of it', async () => {
    const { file, sealed } = await seal(plain);
    await expectRefusal(file, sealed.subarray(0, -sealedChunk), 'malformed');
    await expectRefusal(file, sealed.subarray(0, -1), 'malformed');
    await expectRefusal(file, new Uint8Array(), 'malformed');
  });

  test('cut short, when the message claims the shorter one: nothing says FINAL', async () => {
    const { file, sealed } = await seal(plain);
    const short = sealed.subarray(0, 3 * sealedChunk);
    const shorter = { ...claiming(file, short), plainBytes: 3 * fileChunkBytes, chunkCount: 3 };
    await expectRefusal(shorter, short, 'malformed');
  });

  test('with anything after FINAL', async () => {
    const { file, sealed } = await seal(plain);
    await expectRefusal(file, Buffer.concat([sealed, cut(sealed)[0]!]), 'malformed');
    await expectRefusal(file, Buffer.concat([sealed, Uint8Array.of(0)]), 'malformed');
    const longer = { ...file, plainBytes: 5 * fileChunkBytes, chunkCount: 5 };
    await expectRefusal(longer, Buffer.concat([sealed, cut(sealed)[3]!]), 'malformed');
  });

  test('with a chunk of another file, also one sealed under the same key', async () => {
    const [one, other] = [await seal(plain), await seal(plain)];
    const mixed = Buffer.concat([...cut(one.sealed).slice(0, 2), ...cut(other.sealed).slice(2)]);
    await expectRefusal(one.file, mixed, 'cannot_open');
    await expectRefusal({ ...other.file, fileId: one.file.fileId }, other.sealed, 'cannot_open');
  });

  test('with a chunk at another place of a stream that is right', async () => {
    const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(new Uint8Array(32));
    const fileId = new Uint8Array(16);
    const final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    const sealed = sodium.crypto_secretstream_xchacha20poly1305_push(state, plaintext(8), fileAssociatedData(fileId, 1), final);
    const file = { fileId, fileKey: new Uint8Array(32), header, chunkCount: 1, plainBytes: 8, hash: hash('gim1/blob', sealed) };
    await expectRefusal(file, sealed, 'cannot_open');
  });

  test('with the wrong key, header or hash, or one bit changed', async () => {
    const { file, sealed } = await seal(plain);
    await expectRefusal({ ...file, fileKey: new Uint8Array(32) }, sealed, 'cannot_open');
    await expectRefusal({ ...file, header: new Uint8Array(24) }, sealed, 'cannot_open');
    await expectRefusal({ ...file, hash: new Uint8Array(32) }, sealed, 'bad_id');
    const changed = Uint8Array.from(sealed);
    changed[2 * sealedChunk + 5]! ^= 1;
    await expectRefusal(file, changed, 'cannot_open');
  });

  test('with something hidden in its padding', async () => {
    const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(new Uint8Array(32));
    const fileId = new Uint8Array(16);
    const hidden = new Uint8Array(paddedFileLength(9)).fill(1);
    const final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    const sealed = sodium.crypto_secretstream_xchacha20poly1305_push(state, hidden, fileAssociatedData(fileId, 0), final);
    const file = { fileId, fileKey: new Uint8Array(32), header, chunkCount: 1, plainBytes: 9, hash: hash('gim1/blob', sealed) };
    await expectRefusal(file, sealed, 'malformed');
  });

  test('that goes on for ever: no byte is read after the last that it may have', async () => {
    const { file, sealed } = await seal(plain);
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield sealed;
      for (;;) {
        given += 1;
        yield new Uint8Array(1_000_000);
      }
    }
    await expect(openFile(file, endless(), async () => undefined)).rejects.toMatchObject({ code: 'malformed' });
    expect(given).toBe(1);
  });
});

async function description(): Promise<FileDescription> {
  return { ...(await seal(plaintext(10))).file, name: 'Rechnung.pdf', mime: 'application/pdf', thumb: null };
}

describe('what a message says of a file', () => {
  test('comes back as it was', async () => {
    const file = await description();
    expect(decodeFilePayload(encodeFilePayload(file))).toEqual(file);
  });

  test('is refused where it breaks a limit: a size bomb, chunks that do not fit the length, a thumbnail or name too long', async () => {
    const file = await description();
    const broken: readonly Partial<FileDescription>[] = [
      { plainBytes: limits.fileBytes + 1 },
      { plainBytes: 2 ** 40, chunkCount: 2 ** 24 },
      { chunkCount: 2 },
      { chunkCount: 0 },
      { name: 'x'.repeat(limits.fileNameCharacters + 1) },
      { thumb: new Uint8Array(limits.thumbnailBytes + 1) },
      { fileKey: new Uint8Array(31) },
      { header: new Uint8Array(23) },
    ];
    for (const change of broken)
      expect(() => decodeFilePayload(encodeFilePayload({ ...file, ...change })), JSON.stringify(Object.keys(change))).toThrow(CryptoError);
    expect(() => decodeFilePayload([1, 2, 3])).toThrow(CryptoError);
    expect(() => decodeFilePayload('x')).toThrow(CryptoError);
  });
});

test('a frozen file opens, and its payload is written the same', async () => {
  const file = {
    fileId: fromBase64Url(frozen.fileId),
    fileKey: fromBase64Url(frozen.fileKey),
    header: fromBase64Url(frozen.header),
    chunkCount: frozen.chunkCount,
    plainBytes: frozen.plainBytes,
    hash: fromBase64Url(frozen.hash),
    name: frozen.name,
    mime: frozen.mime,
    thumb: fromBase64Url(frozen.thumb),
  };
  expect(new TextDecoder().decode(await open(file, fromBase64Url(frozen.sealed)))).toBe(frozen.plaintext);
  expect(toBase64Url(encode(encodeFilePayload(file)))).toBe(frozen.payload);
});
