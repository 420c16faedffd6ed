import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { idOf, type AccountId, type InboxId } from '../../server/protocol/ids.ts';
import { newcomersIn } from '../../server/protocol/inbox-bodies.ts';
import { replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import { limits } from '../../server/protocol/limits.ts';
import type { ResetContext } from '../../server/protocol/reset-statement.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { replayUntilReset } from '../../server/protocol/user-chain.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import type { RequestFunction } from '../net/request.ts';

export interface RegistrarsOptions {
  readonly request: RequestFunction;
  /** Which inbox the server says it is; its chain must say so too. */
  readonly findInbox: () => Promise<InboxId | null>;
  /** Pinned public keys of the registry. */
  readonly registryPks: () => Promise<readonly Uint8Array[]>;
  readonly now?: () => number;
}

/** Who may attest resets. Asked for when a chain has one, and with `fresh` again. Throws a CryptoError or a RequestError. */
export type LoadRegistrars = (options?: { readonly fresh?: boolean }) => Promise<ResetContext>;

export function createRegistrars({ request, findInbox, registryPks, now = Date.now }: RegistrarsOptions): LoadRegistrars {
  let known: Promise<Omit<ResetContext, 'now'>> | null = null;

  const loadLinks = async (inboxId: InboxId): Promise<readonly Uint8Array[]> => {
    const all: Uint8Array[] = [];
    for (;;) {
      const { links, head } = await request('inbox:load', { inboxId, afterSeqno: all.length });
      all.push(...links.map(fromBase64Url));
      if (links.length === 0 || all.length >= head) return all;
    }
  };

  /** Each as far as his first reset: nobody else could vouch for what comes after it. */
  const loadPeople = async (accountIds: readonly AccountId[]): Promise<ReadonlyMap<AccountId, UserChainState>> => {
    const people = new Map<AccountId, UserChainState>();
    for (let start = 0; start < accountIds.length; start += limits.accountsPerLoad) {
      const { accounts } = await request('account:load', { accountIds: accountIds.slice(start, start + limits.accountsPerLoad) });
      for (const { accountId, links } of accounts)
        people.set(accountId, replayUntilReset(links.map(fromBase64Url), fromBase64Url(accountId)));
    }
    return people;
  };

  const load = async () => {
    const inboxId = await findInbox();
    if (inboxId === null) throw new CryptoError('unknown_chain', 'there are no registrars here');
    const links = await loadLinks(inboxId);
    const people = await loadPeople(Array.from(new Set(links.flatMap(newcomersIn).map((userId) => idOf<'account'>(userId)))));
    const user = (userId: Uint8Array) => people.get(idOf(userId));
    const verification = { user, registryPks: await registryPks(), moment: 'past' as const };
    return { registrars: replayInboxChain(links, verification, fromBase64Url(inboxId)), user, moment: 'past' as const };
  };

  return async ({ fresh = false } = {}) => {
    if (fresh) known = null;
    known ??= load();
    try {
      return { ...(await known), now: now() };
    } catch (error) {
      known = null;
      throw error;
    }
  };
}
