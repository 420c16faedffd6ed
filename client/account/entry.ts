import type { SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import { activeDevices } from '../../server/protocol/user-state.ts';
import { createDevice, type DeviceKeys } from '../crypto/device.ts';
import type { Http } from '../net/http.ts';
import type { RequestFunction } from '../net/request.ts';
import type { AccountKeys } from '../storage/account-keys.ts';
import type { ChainStore } from '../storage/chain-store.ts';
import { addOwnDevice } from './chain-steps.ts';
import type { Directory } from './directory.ts';
import { extendAccount } from './extend-account.ts';
import { openKeyring } from './keyring.ts';
import { bindSession } from './sign-in.ts';

export interface EntryOptions {
  readonly http: Http;
  readonly request: RequestFunction;
  readonly accountKeys: AccountKeys;
  readonly chains: ChainStore;
  readonly directory: Directory;
  /** What a person would call this browser. */
  readonly deviceLabel: string;
  readonly now: () => number;
}

/**
 * Brings this browser into the account: a device whose keys are at hand (a passkey's, the recovery code's) signs a new one for it, and the
 * session is bound to that. With `passkeyKey` what is kept here is sealed under it. Throws a CryptoError or a RequestError.
 */
async function enterWith(
  { http, request, accountKeys, chains, directory, deviceLabel, now }: EntryOptions,
  { session, device, passkeyKey }: { readonly session: SessionView; readonly device: DeviceKeys; readonly passkeyKey: CryptoKey | null },
): Promise<SessionView> {
  const { accountId } = session;
  const userId = fromBase64Url(accountId);
  if (session.deviceId !== idOf<'device'>(device.deviceId)) await bindSession({ http, userId, device });
  // Another device's boxes are not this browser's to keep.
  const passing: ChainStore = { ...chains, loadBoxes: async () => [], saveBoxes: async () => {} };
  const hand = await openKeyring({ accountId, device, request, chains: passing, directory });
  try {
    const added = createDevice('browser');
    await extendAccount({ hand, steps: [addOwnDevice(added, deviceLabel)], request, followOwnKey: async () => [], now });
    await accountKeys.add({ accountId, deviceId: idOf(added.deviceId), seed: added.seed, passkeyKey });
    return await bindSession({ http, userId, device: added });
  } finally {
    hand.close();
  }
}

/**
 * The same if the account's chain lists the candidate's device; if it does not, nothing is done and the answer is null: what a passkey
 * evaluates to is not to be relied on (crypto.md §7.1), and a recovery code may be somebody else's or used up.
 */
export async function enter(
  options: EntryOptions,
  session: SessionView,
  { device, sealingKey }: { readonly device: DeviceKeys; readonly sealingKey: () => Promise<CryptoKey | null> },
): Promise<SessionView | null> {
  await options.directory.load([session.accountId], { maxAgeMs: 0 });
  const chain = options.directory.find(session.accountId)?.chain;
  const isListed = chain && activeDevices(chain).some(({ deviceId }) => equalBytes(deviceId, device.deviceId));
  return isListed ? await enterWith(options, { session, device, passkeyKey: await sealingKey() }) : null;
}
