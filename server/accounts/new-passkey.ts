import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { AppError } from '../platform/app-error.ts';
import { type Database, transaction, violatedConstraint } from '../platform/database.ts';
import type { DeviceProof } from '../protocol/accounts.ts';
import { type Base64Url, fromBase64Url } from '../protocol/base64url.ts';
import { type AccountId, type DeviceLinkId, idOf, type ResetId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { type Account, AccountStore } from './account-store.ts';
import { checkRegistration, refusal, type RelyingParty } from './ceremony.ts';
import type { Challenge } from './challenge-store.ts';
import { DeviceLinkStore } from './device-link-store.ts';
import { type KeptPasskey, PasskeyStore } from './passkey-store.ts';
import { requireProof } from './registration.ts';
import { ResetStore } from './reset-store.ts';
import type { OpenedSession, Sessions } from './sessions.ts';
import type { UserChains } from './user-chains.ts';

/** Whose passkey it will be, and the link or the reset that says so; null where a confirmed session does. */
export interface Newcomer {
  readonly account: Account & { readonly handle: Uint8Array };
  readonly passkeys: readonly KeptPasskey[];
}

/** The account as it takes one more passkey. Throws `forbidden` for one that signs in without, `bad_state` when it has too many. */
export async function requireRoom(database: Database, accountId: AccountId): Promise<Newcomer> {
  const [account] = await new AccountStore(database).find([accountId]);
  if (!account?.handle) throw new AppError('forbidden', 'an account without passkeys');
  const passkeys = await new PasskeyStore(database).list(accountId);
  if (passkeys.length >= limits.passkeysPerAccount) throw new AppError('bad_state', 'too many passkeys');
  return { account: { ...account, handle: account.handle }, passkeys };
}

/** The account that has let this browser's device in. Throws `not_found`. */
export async function findByLink(database: Database, deviceLinkId: DeviceLinkId, browserHash: Uint8Array): Promise<AccountId> {
  const link = await new DeviceLinkStore(database).findOfBrowser(deviceLinkId, browserHash);
  if (!link?.accountId) throw new AppError('not_found', 'no such link of this browser');
  return link.accountId;
}

/** The account that goes on with this browser's device. Throws `not_found`. */
export async function findByReset(database: Database, resetId: ResetId, browserHash: Uint8Array): Promise<AccountId> {
  const reset = await new ResetStore(database).findOfBrowser(resetId, browserHash);
  if (reset?.state !== 'done' || reset.hasPasskey || !reset.accountId)
    throw new AppError('not_found', 'no finished reset of this browser waits for a passkey');
  return reset.accountId;
}

export interface NewPasskeyRequest {
  readonly response: RegistrationResponseJSON;
  readonly label: Base64Url | null;
  readonly device?: DeviceProof | undefined;
}

export interface NewPasskeyDependencies {
  readonly database: Database;
  readonly party: RelyingParty;
  readonly sessions: Sessions;
  readonly chains: UserChains;
  readonly officialsNeedDeviceBoundKeys: boolean;
}

/**
 * Adds a passkey to the account the challenge is for. After a link or a reset it is the first one of a device that has just come in:
 * the device proves itself, and a session bound to it is opened. Null when the person is signed in already. `challenge` has been taken.
 */
export async function addPasskey(
  { response, label, device }: NewPasskeyRequest,
  challenge: Challenge & { readonly accountId: AccountId; readonly handle: Uint8Array },
  { database, party, sessions, chains, officialsNeedDeviceBoundKeys }: NewPasskeyDependencies,
): Promise<OpenedSession | null> {
  const { accountId, purpose } = challenge;
  const passkey = await checkRegistration(party, response, challenge.challenge);
  try {
    return await transaction(database, async (trx) => {
      // Two at the same time would each see room for one.
      await new AccountStore(trx).lock([accountId], 'update');
      const { account } = await requireRoom(trx, accountId);
      if (account.role !== 'citizen' && officialsNeedDeviceBoundKeys && passkey.backupEligible)
        throw refusal('the passkey can leave its device');
      await new PasskeyStore(trx).add({ ...passkey, accountId }, label && fromBase64Url(label));
      if (purpose === 'addition') return null;
      if (!device) throw refusal('no device proves itself');
      const chain = await chains.require(trx, accountId);
      requireProof(chain, device, challenge.challenge);
      const since = await useUp(trx, challenge);
      const addedAt = chain.devices.find(({ deviceId }) => idOf(deviceId) === device.deviceId)?.addedAt ?? 0;
      if (addedAt <= since) throw refusal('the device was in the account before');
      return await sessions.open(trx, {
        accountId,
        role: account.role,
        deviceId: device.deviceId,
        credentialId: passkey.credentialId,
      });
    });
  } catch (error) {
    if (violatedConstraint(error)) throw refusal('the passkey exists already', error);
    throw error;
  }
}

/** The link or the reset gives one passkey; how long the chain was before the device came. */
async function useUp(trx: Database, { purpose, subject, browserHash }: Challenge): Promise<number> {
  if (subject === null) throw refusal('a challenge about nothing');
  if (purpose === 'link') {
    const links = new DeviceLinkStore(trx);
    const deviceLinkId = idOf<'device link'>(fromBase64Url(subject));
    const link = await links.findOfBrowser(deviceLinkId, browserHash);
    if (link?.claimedSeqno == null || !(await links.remove(deviceLinkId))) throw refusal('the link is not there any more');
    return link.claimedSeqno;
  }
  const seqno = await new ResetStore(trx).useUp(idOf<'reset'>(fromBase64Url(subject)), browserHash);
  if (seqno === null) throw refusal('the reset has had its passkey');
  return seqno;
}
