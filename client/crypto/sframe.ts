import { CryptoError, ensure } from '../../server/protocol/crypto-error.ts';

/*
 * SFrame, RFC 9605, by WebCrypto alone: it runs in a worker, a window and Node. Frame = clear ‖ header ‖ ciphertext ‖ tag, where the header and
 * the clear bytes in front of it ("metadata", §4.4.3) are authenticated.
 */
export interface SFrameSuite {
  readonly id: number;
  readonly hash: 'SHA-256' | 'SHA-512';
  /** Nh, also the length of a base key that is made here. */
  readonly hashBytes: number;
  /** Nk. */
  readonly keyBytes: number;
}

/** §4.5. The product uses the second only. */
export const aes128GcmSha256: SFrameSuite = { id: 4, hash: 'SHA-256', hashBytes: 32, keyBytes: 16 };
export const aes256GcmSha512: SFrameSuite = { id: 5, hash: 'SHA-512', hashBytes: 64, keyBytes: 32 };

const [nonceBytes, tagBytes] = [12, 16];
const maxHeaderBytes = 17;
const maxFrameBytes = 4 * 1024 * 1024;

export interface SFrameHeader {
  readonly keyId: bigint;
  readonly counter: bigint;
}

/** §4.3: X ‖ K(3) ‖ Y ‖ C(3), then the key id and the counter in the fewest bytes, unless they are below 8 and stand in K and C. */
export function encodeHeader({ keyId, counter }: SFrameHeader): Uint8Array<ArrayBuffer> {
  const [keyIdBytes, counterBytes] = [lengthOf(keyId), lengthOf(counter)];
  const header = new Uint8Array(1 + keyIdBytes + counterBytes);
  header[0] = (configOf(keyId, keyIdBytes) << 4) | configOf(counter, counterBytes);
  writeUint(header.subarray(1, 1 + keyIdBytes), keyId);
  writeUint(header.subarray(1 + keyIdBytes), counter);
  return header;
}

/** Throws `malformed` when these bytes do not begin with a header in its shortest form. */
export function decodeHeader(bytes: Uint8Array): SFrameHeader & { readonly length: number } {
  const [config] = bytes;
  ensure(config !== undefined, 'malformed', 'no header');
  const keyId = readValue(bytes, 1, config >> 4);
  const counter = readValue(bytes, keyId.end, config & 15);
  return { keyId: keyId.value, counter: counter.value, length: counter.end };
}

function lengthOf(value: bigint): number {
  return value < 8n ? 0 : Math.ceil(value.toString(16).length / 2);
}

function configOf(value: bigint, length: number): number {
  return length === 0 ? Number(value) : 7 + length;
}

function writeUint(target: Uint8Array, value: bigint): void {
  let rest = value;
  for (let index = target.length - 1; index >= 0; index -= 1) {
    target[index] = Number(rest & 255n);
    rest >>= 8n;
  }
}

function readValue(bytes: Uint8Array, start: number, config: number): { value: bigint; end: number } {
  if (config < 8) return { value: BigInt(config), end: start };
  const end = start + config - 7;
  ensure(end <= bytes.length, 'malformed', 'a header that goes on behind the end');
  const value = bytes.subarray(start, end).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  ensure(lengthOf(value) === end - start, 'malformed', 'not the shortest form');
  return { value, end };
}

/** Key and salt of one key id, §4.4.2. */
export interface FrameKey {
  readonly keyId: bigint;
  readonly key: CryptoKey;
  readonly salt: Uint8Array<ArrayBuffer>;
}

/** Wipes the bytes. The key it returns can be derived from, and not be read. */
export async function importBaseKey(baseKey: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const imported = await crypto.subtle.importKey('raw', baseKey, 'HKDF', false, ['deriveBits', 'deriveKey']);
  baseKey.fill(0);
  return imported;
}

/** §4.4.2. HKDF with an empty salt; the labels bind key and salt to the key id and the suite. */
export async function deriveFrameKey(suite: SFrameSuite, baseKey: CryptoKey, keyId: bigint): Promise<FrameKey> {
  const label = (purpose: string): Uint8Array<ArrayBuffer> => {
    const info = new Uint8Array(purpose.length + 10);
    new TextEncoder().encodeInto(purpose, info);
    const view = new DataView(info.buffer);
    view.setBigUint64(purpose.length, keyId);
    view.setUint16(purpose.length + 8, suite.id);
    return info;
  };
  const [key, salt] = await Promise.all([
    crypto.subtle.deriveKey(hkdf(suite, label('SFrame 1.0 Secret key ')), baseKey, { name: 'AES-GCM', length: suite.keyBytes * 8 }, false, [
      'encrypt',
      'decrypt',
    ]),
    crypto.subtle.deriveBits(hkdf(suite, label('SFrame 1.0 Secret salt ')), baseKey, nonceBytes * 8),
  ]);
  return { keyId, key, salt: new Uint8Array(salt) };
}

/** §5.1: the base key that follows this one, and does not lead back to it. */
export async function ratchet(suite: SFrameSuite, baseKey: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
  const label = new TextEncoder().encode('SFrame 1.0 Ratchet');
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf(suite, label), baseKey, suite.hashBytes * 8));
}

function hkdf(suite: SFrameSuite, info: Uint8Array<ArrayBuffer>): HkdfParams {
  return { name: 'HKDF', hash: suite.hash, salt: new Uint8Array(), info };
}

/** §4.4.3. The caller never gives the same counter twice. Throws `malformed` for a frame shorter than its clear bytes, or out of all size. */
export async function sealFrame(
  { keyId, key, salt }: FrameKey,
  counter: bigint,
  frame: Uint8Array<ArrayBuffer>,
  clear: number,
): Promise<Uint8Array<ArrayBuffer>> {
  ensure(frame.length >= clear && frame.length <= maxFrameBytes, 'malformed', 'no frame of this kind');
  const header = encodeHeader({ keyId, counter });
  const parameters = gcm(salt, counter, header, frame.subarray(0, clear));
  const ciphertext = await crypto.subtle.encrypt(parameters, key, frame.subarray(clear));
  const sealed = new Uint8Array(clear + header.length + ciphertext.byteLength);
  sealed.set(frame.subarray(0, clear));
  sealed.set(header, clear);
  sealed.set(new Uint8Array(ciphertext), clear + header.length);
  return sealed;
}

/** Where the parts of a sealed frame are. Throws `malformed` for anything that cannot be one. */
export function readFrame(sealed: Uint8Array<ArrayBuffer>, clear: number): SFrameHeader & { readonly length: number } {
  ensure(sealed.length > clear && sealed.length <= maxFrameBytes + maxHeaderBytes + tagBytes, 'malformed', 'no sealed frame');
  const header = decodeHeader(sealed.subarray(clear));
  ensure(sealed.length >= clear + header.length + tagBytes, 'malformed', 'no room for a tag');
  return header;
}

/** §4.4.4. Throws `cannot_open` when a bit of the clear bytes, the header, the ciphertext or the tag is another. */
export async function openFrame(
  { key, salt }: FrameKey,
  { counter, length }: ReturnType<typeof readFrame>,
  sealed: Uint8Array<ArrayBuffer>,
  clear: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const body = clear + length;
  const parameters = gcm(salt, counter, sealed.subarray(clear, body), sealed.subarray(0, clear));
  let plaintext: Uint8Array<ArrayBuffer>;
  try {
    plaintext = new Uint8Array(await crypto.subtle.decrypt(parameters, key, sealed.subarray(body)));
  } catch (cause) {
    throw new CryptoError('cannot_open', 'the frame does not open', { cause });
  }
  if (clear === 0) return plaintext;
  const frame = new Uint8Array(clear + plaintext.length);
  frame.set(sealed.subarray(0, clear));
  frame.set(plaintext, clear);
  return frame;
}

/** §4.4.3: nonce = salt XOR counter; associated data = header ‖ metadata. */
function gcm(salt: Uint8Array, counter: bigint, header: Uint8Array, clear: Uint8Array): AesGcmParams {
  const iv = salt.slice();
  const view = new DataView(iv.buffer);
  view.setBigUint64(nonceBytes - 8, view.getBigUint64(nonceBytes - 8) ^ counter);
  const additionalData = new Uint8Array(header.length + clear.length);
  additionalData.set(header);
  additionalData.set(clear, header.length);
  return { name: 'AES-GCM', iv, additionalData, tagLength: tagBytes * 8 };
}
