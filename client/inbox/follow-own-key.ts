import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import { mayWrite } from '../../server/protocol/inbox-rules.ts';
import { currentMembers, findMembership } from '../../server/protocol/inbox-state.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import { newestKeys } from '../crypto/generation-keys.ts';
import { rotateInboxKey } from '../crypto/inbox-keys.ts';
import type { Signer } from '../crypto/sign-link.ts';
import { toSignedLink } from '../net/wire.ts';
import type { InboxChains } from './inbox-chain.ts';
import type { InboxKeys } from './inbox-keys.ts';

export interface FollowOwnKeyParts {
  /** Every inbox the person could be in. */
  readonly inboxIds: () => Promise<readonly InboxId[]>;
  readonly inboxChains: InboxChains;
  readonly inboxKeys: Pick<InboxKeys, 'open'>;
  /** Loads the newest verified chains of these accounts. */
  readonly loadUsers: (accountIds: readonly AccountId[]) => Promise<void>;
  readonly findUser: (userId: Uint8Array) => UserChainState | undefined;
}

/**
 * A new key for every inbox the person is in, sealed to his newest key and that of each other member: for `account:extend`, together with
 * the links that brought him his. `state`: his chain after those. Throws a RequestError.
 */
export function createFollowOwnKey({ inboxIds, inboxChains, inboxKeys, loadUsers, findUser }: FollowOwnKeyParts) {
  const rotate = async (inboxId: InboxId, own: UserChainState, signer: Signer): Promise<SignedLink | null> => {
    const state = await inboxChains.load(inboxId, { fresh: true });
    const membership = findMembership(state, own.userId);
    if (!membership || !mayWrite(membership.role) || state.closedAt !== null) return null;
    await loadUsers(currentMembers(state).map(({ userId }) => idOf<'account'>(userId)));
    const user = (userId: Uint8Array) => (equalBytes(userId, own.userId) ? own : findUser(userId));
    const keys = newestKeys(await inboxKeys.open(inboxId));
    return toSignedLink(rotateInboxKey({ state, signer, keys, reason: 'member_key', user }));
  };

  return async ({ state, signer }: { readonly state: UserChainState; readonly signer: Signer }) => {
    const links: { inboxId: InboxId; link: SignedLink }[] = [];
    for (const inboxId of await inboxIds()) {
      try {
        const link = await rotate(inboxId, state, signer);
        if (link) links.push({ inboxId, link });
      } catch (error) {
        // An inbox that does not verify, or another member who does not, must not keep a stolen device in the account: the audit of
        // boxes finds the inbox's key stale, and the next member who can gives it a new one.
        if (!(error instanceof CryptoError)) throw error;
      }
    }
    return links;
  };
}
