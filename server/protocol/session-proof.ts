import { lp } from './hash.ts';
import { ensure, equalBytes, verifySignature } from './sodium.ts';
import type { UserChainState } from './user-chain.ts';

/** What a device signs under "gim1/session-sig" to bind a web session to itself: lp(challenge, user_id, device_id). */
export function sessionStatement(challenge: Uint8Array, userId: Uint8Array, deviceId: Uint8Array): Uint8Array {
  return lp(challenge, userId, deviceId);
}

/** Throws `not_allowed` unless the device is active in the user's chain, `bad_signature` unless it signed this challenge. */
export function verifySessionProof(
  user: UserChainState,
  proof: { readonly deviceId: Uint8Array; readonly challenge: Uint8Array; readonly signature: Uint8Array },
): void {
  const device = user.devices.find((candidate) => candidate.revokedAt === null && equalBytes(candidate.deviceId, proof.deviceId));
  ensure(device !== undefined, 'not_allowed', 'no active device of the account');
  const statement = sessionStatement(proof.challenge, user.userId, proof.deviceId);
  ensure(verifySignature('gim1/session-sig', statement, proof.signature, device.signPk), 'bad_signature', 'session proof is not valid');
}
