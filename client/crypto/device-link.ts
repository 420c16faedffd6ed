import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import {
  decode,
  encode,
  readBytes,
  readBytesUpTo,
  readHash,
  readName,
  readNullable,
  readText,
  readTuple,
} from '../../server/protocol/codec.ts';
import { type DevicePublic, readDevice, writeDevice } from '../../server/protocol/device-format.ts';
import { hash, lp } from '../../server/protocol/hash.ts';
import { limits } from '../../server/protocol/limits.ts';
import { requireVersion, suite, version } from '../../server/protocol/link.ts';
import { blake2b, CryptoError, ensure, equalBytes, withDomain } from '../../server/protocol/sodium.ts';

/*
 * How a new device (N) and one that is in the account (O) speak through a server neither trusts. Frozen:
 *   Code    = base64url([v 1, suite 1, link_id 16, secret 16, commitment 32]), as a QR code on N's screen
 *   Message = [v 1, suite 1, type, content]
 *   1 commitment  N → O  H("gim1/link-commit", link_id, opening)
 *   2 answer      O → N  [user_id, nonce32, mac | null]     mac: keyed BLAKE2b(secret, "gim1/link-mac" ‖ lp(link_id, commitment, user_id, nonce32))
 *   3 opening     N → O  bytes of [device, suggested label, nonce32]
 *   4 draft       O → N  a Link that adds the device, with O's signature
 *   5 signature   N → O  N's reverse signature over the same Outer
 *   6 done        O → N  null
 * Digits = H("gim1/link-digits", link_id, commitment, user_id, O's nonce32, opening): the first 8 bytes, mod 10⁹.
 *
 * With the code, O knows the commitment from N's screen, and N knows by the mac that the answer, and so the account, is from whoever read the
 * screen. Without it both compare the digits: N is committed before it sees O's nonce and opens only then, so that somebody in between has
 * one guess in 10⁹, whatever he computes (Vaudenay, CRYPTO 2005). What follows hangs on the account's self-certifying id.
 */
const types = { commitment: 1, answer: 2, opening: 3, draft: 4, signature: 5, done: 6 } as const;

export type LinkMessage =
  | { readonly type: 'commitment'; readonly commitment: Uint8Array }
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'opening'; readonly opening: Uint8Array }
  | { readonly type: 'draft'; readonly link: Uint8Array }
  | { readonly type: 'signature'; readonly signature: Uint8Array }
  | { readonly type: 'done' };

export interface Answer {
  readonly userId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly mac: Uint8Array | null;
}

/** What the new device's commitment opens to. */
export interface Opening {
  readonly device: DevicePublic;
  readonly label: string;
  readonly nonce: Uint8Array;
}

export interface LinkCode {
  readonly deviceLinkId: Uint8Array;
  /** Never seen by the server: 16 bytes between the two screens. */
  readonly secret: Uint8Array;
  readonly commitment: Uint8Array;
}

export function writeLinkCode(code: LinkCode): string {
  return toBase64Url(encode([version, suite, code.deviceLinkId, code.secret, code.commitment]));
}

/** Reads what a camera saw. Throws `malformed`, or `unsupported` for the code of a newer program. */
export function readLinkCode(text: string): LinkCode {
  const decoded = decode(bytesOf(text), 256);
  requireVersion(decoded);
  const [, , deviceLinkId, secret, commitment] = readTuple(decoded, 5);
  return { deviceLinkId: readBytes(deviceLinkId, 16), secret: readBytes(secret, 16), commitment: readHash(commitment) };
}

function bytesOf(text: string): Uint8Array {
  try {
    return fromBase64Url(text);
  } catch (cause) {
    throw new CryptoError('malformed', 'not the code of a device', { cause });
  }
}

export function encodeLinkMessage(message: LinkMessage): Uint8Array {
  return encode([version, suite, types[message.type], contentOf(message)]);
}

function contentOf(message: LinkMessage) {
  if (message.type === 'commitment') return message.commitment;
  if (message.type === 'answer') return [message.answer.userId, message.answer.nonce, message.answer.mac];
  if (message.type === 'opening') return message.opening;
  if (message.type === 'draft') return message.link;
  return message.type === 'signature' ? message.signature : null;
}

export function decodeLinkMessage(bytes: Uint8Array): LinkMessage {
  const decoded = decode(bytes, limits.deviceLinkMessageBytes);
  requireVersion(decoded);
  const [, , number, content] = readTuple(decoded, 4);
  const type = readName(number, types);
  if (type === 'commitment') return { type, commitment: readHash(content) };
  if (type === 'answer') {
    const [userId, nonce, mac] = readTuple(content, 3);
    return { type, answer: { userId: readHash(userId), nonce: readHash(nonce), mac: readNullable(mac, readHash) } };
  }
  if (type === 'opening') return { type, opening: readBytesUpTo(content, 4096) };
  if (type === 'draft') return { type, link: readBytesUpTo(content, limits.deviceLinkMessageBytes) };
  if (type === 'signature') return { type, signature: readBytes(content, 64) };
  ensure(content === null, 'malformed', 'the end has no content');
  return { type };
}

export function encodeOpening(opening: Opening): Uint8Array {
  return encode([writeDevice(opening.device), opening.label, opening.nonce]);
}

export function decodeOpening(bytes: Uint8Array): Opening {
  const [device, label, nonce] = readTuple(decode(bytes, 4096), 3);
  return { device: readDevice(device), label: readText(label, limits.displayNameCharacters), nonce: readHash(nonce) };
}

export function commitmentTo(deviceLinkId: Uint8Array, opening: Uint8Array): Uint8Array {
  return hash('gim1/link-commit', deviceLinkId, opening);
}

/** Shows that the answer is from somebody who read the code off the new device's screen. */
export function answerMac(code: LinkCode, answer: Pick<Answer, 'userId' | 'nonce'>): Uint8Array {
  return blake2b(32, withDomain('gim1/link-mac', lp(code.deviceLinkId, code.commitment, answer.userId, answer.nonce)), code.secret);
}

/** Nine digits that are the same on both screens when nobody stands in between. */
export function linkDigits(deviceLinkId: Uint8Array, commitment: Uint8Array, answer: Answer, opening: Uint8Array): string {
  const digest = hash('gim1/link-digits', deviceLinkId, commitment, answer.userId, answer.nonce, opening);
  const number = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0) % 1_000_000_000n;
  return String(number).padStart(9, '0');
}

export function unexpected(message: LinkMessage): CryptoError {
  return new CryptoError('malformed', `a message out of turn: ${message.type}`);
}

/** Throws `bad_id` unless the opening is what was committed to. */
export function requireOpening(deviceLinkId: Uint8Array, commitment: Uint8Array, opening: Uint8Array): Opening {
  ensure(equalBytes(commitmentTo(deviceLinkId, opening), commitment), 'bad_id', 'another device than the one that was announced');
  return decodeOpening(opening);
}
