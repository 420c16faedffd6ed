import type { Caller } from '../platform/caller.ts';
import { AppError } from '../platform/app-error.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { decodeSignedEpoch, type EpochLink, epochLinkHash } from '../protocol/epoch.ts';
import { type EpochState, type EpochVerification } from '../protocol/epoch-rules.ts';
import { requireBoxes } from '../protocol/generation.ts';
import { type AccountId, idOf, type InboxId } from '../protocol/ids.ts';
import type { InboxChainState } from '../protocol/inbox-state.ts';
import type { SignedLink } from '../protocol/offices.ts';
import type { UserChainState } from '../protocol/user-state.ts';
import type { EpochBox } from './entry.ts';
import type { ConversationRow } from './store.ts';

/** Where the newest chains come from; `database` may be a transaction. */
export interface ChainSource {
  readonly loadUserChains: (database: Database, accountIds: readonly AccountId[]) => Promise<ReadonlyMap<AccountId, UserChainState>>;
  readonly loadInboxChain: (database: Database, inboxId: InboxId) => Promise<InboxChainState | null>;
}

export type HoldAccounts = (trx: Transaction, accountIds: readonly AccountId[]) => Promise<void>;

/** What verifying by these chains, as they are now, needs. */
export async function loadVerification(
  database: Database,
  source: ChainSource,
  { accountIds, inboxIds }: { accountIds: readonly AccountId[]; inboxIds: readonly InboxId[] },
): Promise<EpochVerification> {
  const inboxes = new Map<InboxId, InboxChainState>();
  for (const inboxId of new Set(inboxIds)) {
    const chain = await source.loadInboxChain(database, inboxId);
    if (chain) inboxes.set(inboxId, chain);
  }
  const users = await source.loadUserChains(database, accountIds);
  return { user: (userId) => users.get(idOf<'account'>(userId)), inbox: (inboxId) => inboxes.get(idOf<'inbox'>(inboxId)), moment: 'now' };
}

/** Whom an epoch names: readers and signer. */
export function namedIn({ readers, signerUser }: EpochLink): { accountIds: AccountId[]; inboxIds: InboxId[] } {
  return {
    accountIds: [signerUser, ...readers.flatMap(({ kind, id }) => (kind === 'inbox' ? [] : [id]))].map((id) => idOf<'account'>(id)),
    inboxIds: readers.flatMap(({ kind, id }) => (kind === 'inbox' ? [idOf<'inbox'>(id)] : [])),
  };
}

/** The epoch in force, from its stored bytes: it was verified when it was stored, between the parties of then and now. */
export function epochInForce({
  citizenId,
  inboxId,
  epochBytes,
}: Pick<ConversationRow, 'citizenId' | 'inboxId'> & { readonly epochBytes: Uint8Array }): EpochState {
  const { link, linkBytes } = decodeSignedEpoch(epochBytes);
  return { ...link, linkHash: epochLinkHash(linkBytes), parties: { citizenId: fromBase64Url(citizenId), inboxId: fromBase64Url(inboxId) } };
}

/** The boxes of an epoch, checked against it: one for each reader, in their order. */
export function boxesOf(link: EpochLink, { boxes, previousBox }: SignedLink): EpochBox[] {
  const bytes = boxes.map(fromBase64Url);
  requireBoxes(link, bytes, previousBox === null ? null : fromBase64Url(previousBox));
  return link.readers.map(({ kind, id, generation }, index) => ({
    readerKind: kind,
    readerId: idOf<'account'>(id),
    generation,
    box: bytes[index] ?? new Uint8Array(),
  }));
}

/** Whoever sends something has signed it himself, with the device his session is bound to (N10). */
export function requireOwnDevice(caller: Caller, signer: { readonly userId: Uint8Array; readonly deviceId: Uint8Array }): void {
  if (idOf(signer.userId) !== caller.accountId || idOf(signer.deviceId) !== caller.deviceId)
    throw new AppError('forbidden', "signed by another device than the session's");
}
