import { bytesUpTo, fromBytes, toBytes, tuple, uint } from '../../server/protocol/format.ts';
import { lp } from '../../server/protocol/hash.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { GenerationKeys } from './generation-keys.ts';
import { openShortText, sealShortText } from './short-text.ts';

const maxBytes = 256;
const textFormat = tuple({ generation: uint(), sealed: bytesUpTo(maxBytes) });

/**
 * A short text of the account's own, such as what a passkey is called: [PUK generation, short text], ad = lp("gim1/account-text", subject).
 * `subject` is what the text is about, so that one text cannot be put in another's place. Throws `malformed` for more than 64 bytes.
 */
export function sealAccountText(text: string, subject: string, puk: GenerationKeys): Uint8Array {
  const sealed = sealShortText(text, lp('gim1/account-text', subject), puk);
  return toBytes(textFormat, { generation: puk.generation, sealed });
}

/** Throws `cannot_open` when it belongs to another subject, was changed, or its generation is not at hand. */
export function openAccountText(encoded: Uint8Array, subject: string, ring: readonly GenerationKeys[]): string {
  const { generation, sealed } = fromBytes(textFormat, encoded, maxBytes);
  const puk = ring.find((keys) => keys.generation === generation);
  if (!puk) throw new CryptoError('cannot_open', 'sealed to a key that is not at hand');
  return openShortText(sealed, lp('gim1/account-text', subject), puk);
}
