import { lp } from '../../server/protocol/hash.ts';
import { blake2b, equalBytes, withDomain } from '../../server/protocol/sodium.ts';
import { randomBytes } from './primitives.ts';

/** The secret of an invitation link. It stands in the link's fragment; the server never sees it. */
export function createInvitationSecret(): Uint8Array {
  return randomBytes(32);
}

/** Shows the inviter that this account was made by whom the link was given to: keyed BLAKE2b(secret, "gim1/enrol" ‖ lp(user_id)). */
export function enrolmentProof(secret: Uint8Array, userId: Uint8Array): Uint8Array {
  return blake2b(32, withDomain('gim1/enrol', lp(userId)), secret);
}

/** In constant time. Sign the newcomer into an inbox only when this holds. */
export function isEnrolmentProof(proof: Uint8Array, secret: Uint8Array, userId: Uint8Array): boolean {
  return equalBytes(proof, enrolmentProof(secret, userId));
}
