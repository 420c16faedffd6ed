import { lp } from './hash.ts';
import { ensure, equalBytes, verifySignature } from './sodium.ts';
import type { DeviceState, UserChainState } from './user-state.ts';

export interface SessionProof {
  readonly deviceId: Uint8Array;
  readonly challenge: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a device signs under "gim1/session-sig" to bind a web session to itself: lp(challenge, user_id, device_id). */
export function sessionStatement(challenge: Uint8Array, userId: Uint8Array, deviceId: Uint8Array): Uint8Array {
  return lp(challenge, userId, deviceId);
}

/**
 * The same for a recovery code, whose holder knows no user id: 32 zero bytes stand for it in what the device signs. Throws `not_allowed` unless the
 * device is an active one of a recovery code, `bad_signature` unless it signed this challenge.
 */
export function verifyRecoveryProof(user: UserChainState, proof: SessionProof): void {
  const device = requireActive(user, proof);
  ensure(device.kind === 'recovery', 'not_allowed', 'no recovery code');
  const statement = sessionStatement(proof.challenge, new Uint8Array(32), proof.deviceId);
  ensure(verifySignature('gim1/session-sig', statement, proof.signature, device.signPk), 'bad_signature', 'session proof is not valid');
}

/** Throws `not_allowed` unless the device is active in the user's chain, `bad_signature` unless it signed this challenge. */
export function verifySessionProof(user: UserChainState, proof: SessionProof): void {
  const device = requireActive(user, proof);
  const statement = sessionStatement(proof.challenge, user.userId, proof.deviceId);
  ensure(verifySignature('gim1/session-sig', statement, proof.signature, device.signPk), 'bad_signature', 'session proof is not valid');
}

function requireActive(user: UserChainState, { deviceId }: SessionProof): DeviceState {
  const device = user.devices.find((candidate) => candidate.revokedAt === null && equalBytes(candidate.deviceId, deviceId));
  ensure(device !== undefined, 'not_allowed', 'no active device of the account');
  return device;
}
