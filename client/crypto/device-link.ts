import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { deviceFormat } from '../../server/protocol/device-format.ts';
import {
  alone,
  anything,
  bytes,
  bytesUpTo,
  fromBytes,
  hash32,
  named,
  nothing,
  nullable,
  text,
  toBytes,
  tuple,
  type ValueOf,
  variants,
  versioned,
} from '../../server/protocol/format.ts';
import { hash, lp } from '../../server/protocol/hash.ts';
import { limits } from '../../server/protocol/limits.ts';
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
const types = named({ commitment: 1, answer: 2, opening: 3, draft: 4, signature: 5, done: 6 });
const answerFormat = tuple({ userId: hash32, nonce: hash32, mac: nullable(hash32) });
export type Answer = ValueOf<typeof answerFormat>;

const contents = variants({
  commitment: alone('commitment', hash32),
  answer: alone('answer', answerFormat),
  opening: alone('opening', bytesUpTo(4096)),
  draft: alone('link', bytesUpTo(limits.deviceLinkMessageBytes)),
  signature: alone('signature', bytes(64)),
  done: nothing,
});
export type LinkMessage = Parameters<typeof contents.write>[0];
const messageFormat = versioned({ type: types, content: anything });

/** What the new device's commitment opens to. */
const openingFormat = tuple({ device: deviceFormat, label: text(limits.displayNameCharacters), nonce: hash32 });
export type Opening = ValueOf<typeof openingFormat>;

const codeFormat = versioned({
  deviceLinkId: bytes(16),
  /** Never seen by the server: 16 bytes between the two screens. */
  secret: bytes(16),
  commitment: hash32,
});
export type LinkCode = ValueOf<typeof codeFormat>;

export function writeLinkCode(code: LinkCode): string {
  return toBase64Url(toBytes(codeFormat, code));
}

/** Reads what a camera saw. Throws `malformed`, or `unsupported` for the code of a newer program. */
export function readLinkCode(code: string): LinkCode {
  return fromBytes(codeFormat, bytesOf(code), 256);
}

function bytesOf(code: string): Uint8Array {
  try {
    return fromBase64Url(code);
  } catch (cause) {
    throw new CryptoError('malformed', 'not the code of a device', { cause });
  }
}

export function encodeLinkMessage(message: LinkMessage): Uint8Array {
  return toBytes(messageFormat, { type: message.type, content: contents.write(message) });
}

export function decodeLinkMessage(encoded: Uint8Array): LinkMessage {
  const { type, content } = fromBytes(messageFormat, encoded, limits.deviceLinkMessageBytes);
  return contents.read(type, content);
}

export function encodeOpening(opening: Opening): Uint8Array {
  return toBytes(openingFormat, opening);
}

export function decodeOpening(encoded: Uint8Array): Opening {
  return fromBytes(openingFormat, encoded, 4096);
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
