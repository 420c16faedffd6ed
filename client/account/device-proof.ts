import type { DeviceProof } from '../../server/protocol/accounts.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { idOf } from '../../server/protocol/ids.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { signSession } from '../crypto/session-proof.ts';

/** The device's signature over a ceremony's challenge, base64url as the server sent it. */
export function proveDevice(challenge: string, userId: Uint8Array, device: DeviceKeys): DeviceProof {
  return { deviceId: idOf(device.deviceId), signature: toBase64Url(signSession(fromBase64Url(challenge), { userId, device })) };
}
