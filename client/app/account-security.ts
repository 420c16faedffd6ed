import { idOf, type InboxId } from '../../server/protocol/ids.ts';
import type { DeviceHere } from '../account/keys-here.ts';
import type { Passkeys } from '../account/passkeys.ts';
import { openSecurity, type Security } from '../account/security.ts';
import { createConfirmation } from '../account/step-up.ts';
import { createFollowOwnKey } from '../inbox/follow-own-key.ts';
import type { Line } from '../net/ask-when-back.ts';
import type { Http } from '../net/http.ts';
import { createKnownDevices } from '../storage/known-devices.ts';
import type { Account } from './account.ts';

export interface AccountSecurityOptions extends Line {
  readonly account: Account;
  /** How and where this browser's device and its things are kept. */
  readonly here: Pick<DeviceHere, 'record' | 'storage'>;
  readonly http: Http;
  readonly passkeys: Passkeys;
  readonly now: () => number;
}

/** The safety of an account that is open: its own chain, and the inboxes that follow when its key changes. */
export function openAccountSecurity({ account, here, http, passkeys, now, ...line }: AccountSecurityOptions): Security {
  const { session, keyring, chains, directory, inboxChains, inboxKeys, registry } = account;
  const { accountId, confirmedUntil } = session;
  const { record, storage } = here;
  const inboxIds = async (): Promise<readonly InboxId[]> => {
    if (session.role === 'citizen') return [];
    const [offices, registrars] = await Promise.all([http('GET /api/offices'), registry.registrars()]);
    const all = [session.inboxId, registrars, ...offices.map(({ inboxId }) => inboxId)];
    return [...new Set(all.filter((inboxId) => inboxId !== null))];
  };
  return openSecurity({
    ...line,
    http,
    passkeys,
    hand: keyring,
    loadLinks: async () => (await chains.load(accountId))?.links ?? [],
    followOwnKey: createFollowOwnKey({
      inboxIds,
      inboxChains,
      inboxKeys,
      loadUsers: async (accountIds) => await directory.load(accountIds, { maxAgeMs: 0 }),
      findUser: (userId) => directory.find(idOf(userId))?.chain,
    }),
    confirmation: createConfirmation({ http, passkeys, confirmedUntil, now }),
    known: createKnownDevices({ ...storage, accountId }),
    protection: storage.isPassing ? 'memory' : record.protection,
    now,
  });
}
