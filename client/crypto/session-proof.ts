import { sessionStatement } from '../../server/protocol/session-proof.ts';
import { sign } from './primitives.ts';
import type { Signer } from './sign-link.ts';

/** The device's Ed25519 signature of a server's challenge: binds a web session to the device. */
export function signSession(challenge: Uint8Array, signer: Omit<Signer, 'createdAt'>): Uint8Array {
  return sign('gim1/session-sig', sessionStatement(challenge, signer.userId, signer.device.deviceId), signer.device.signSk);
}
