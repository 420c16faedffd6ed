import type { SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, idOf } from '../../server/protocol/ids.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { deviceFromSeed, type DeviceKeys } from '../crypto/device.ts';
import type { Http } from '../net/http.ts';
import type { AccountKeys } from '../storage/account-keys.ts';
import { proveDevice } from './device-proof.ts';
import type { Passkeys } from './passkeys.ts';

/** Signs in with a passkey, and with the device's keys when this browser holds the account's. Throws PasskeyError or RequestError. */
export async function signInWithPasskey({
  http,
  passkeys,
  accountKeys,
}: {
  readonly http: Http;
  readonly passkeys: Passkeys;
  readonly accountKeys: AccountKeys;
}): Promise<SessionView> {
  const { challengeId, options } = await http('POST /api/passkeys/authentication/options', {});
  const response = await passkeys.get(options);
  await cryptoReady;
  const record = await accountKeys.findByCredential(response.id);
  if (!record) return await http('POST /api/passkeys/authentication', { challengeId, response });
  const device = deviceFromSeed(await accountKeys.openSeed(record), 'browser');
  return await http('POST /api/passkeys/authentication', {
    challengeId,
    response,
    device: proveDevice(options.challenge, fromBase64Url(record.accountId), device),
  });
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
