import type { SessionView } from '../../server/protocol/accounts.ts';
import { type AccountId, idOf } from '../../server/protocol/ids.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import type { Http } from '../net/http.ts';
import { proveDevice } from './device-proof.ts';
import type { Passkeys } from './passkeys.ts';

/** A passkey that was just used, and what it evaluates to: perhaps a key of the account. Never leaves the page. */
export interface PasskeyCandidate {
  readonly credentialId: string;
  readonly prf: Uint8Array;
}

/** Signs in with a passkey. Whether the account can be read here is another question. Throws PasskeyError or RequestError. */
export async function signInWithPasskey({
  http,
  passkeys,
}: {
  readonly http: Http;
  readonly passkeys: Passkeys;
}): Promise<{ readonly session: SessionView; readonly candidate: PasskeyCandidate | null }> {
  const { challengeId, options } = await http('POST /api/passkeys/authentication/options', {});
  const { response, prf } = await passkeys.get(options);
  const session = await http('POST /api/passkeys/authentication', { challengeId, response });
  return { session, candidate: prf && { credentialId: response.id, prf } };
}

/** Signs in with a device's keys alone: accounts of programs, which have no passkey. Throws a RequestError. */
export async function signInWithDevice({
  http,
  userId,
  device,
}: {
  readonly http: Http;
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
}): Promise<SessionView> {
  await cryptoReady;
  const accountId: AccountId = idOf(userId);
  const { challengeId, challenge } = await http('POST /api/sessions/challenge', { accountId });
  return await http('POST /api/sessions', { challengeId, accountId, device: proveDevice(challenge, userId, device) });
}

/** The session is of this device from now on. Throws a RequestError: `passkey_refused` when the account's chain does not list it. */
export async function bindSession({
  http,
  userId,
  device,
}: {
  readonly http: Http;
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
}): Promise<SessionView> {
  const { challengeId, challenge } = await http('POST /api/session/device/options', {});
  return await http('POST /api/session/device', { challengeId, device: proveDevice(challenge, userId, device) });
}
