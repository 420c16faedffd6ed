import type { SessionView } from '../../server/protocol/accounts.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { deviceOfRecoveryCode } from '../crypto/recovery-code.ts';
import type { Http } from '../net/http.ts';
import { proveDevice } from './device-proof.ts';

/** A code alone does not say whose it is, so its device signs for nobody in particular (server/protocol/accounts.ts, POST /api/recovery). */
const nobody = new Uint8Array(32);

/** Signs in with nothing but the recovery code. Throws a RequestError; `passkey_refused` for a code that no account has, or no longer. */
export async function signInWithCode({ http, code }: { readonly http: Http; readonly code: string }): Promise<SessionView> {
  const device = deviceOfRecoveryCode(code);
  const { challengeId, challenge } = await http('POST /api/recovery/options', { deviceId: idOf(device.deviceId) });
  return await http('POST /api/recovery', { challengeId, device: proveDevice(challenge, nobody, device) });
}
