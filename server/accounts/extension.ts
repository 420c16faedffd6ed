import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import { type Database, type Transaction, transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { verified } from '../platform/verified.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { type AccountId, type DeviceId, idOf, type InboxId, type SessionId } from '../protocol/ids.ts';
import { decodeLink } from '../protocol/link.ts';
import type { SignedLink } from '../protocol/offices.ts';
import { equalBytes } from '../protocol/sodium.ts';
import { extendUserChain } from '../protocol/user-chain.ts';
import { activeDevices, type UserChainState } from '../protocol/user-state.ts';
import { AccountStore } from './account-store.ts';
import { SessionStore } from './session-store.ts';
import { requireConfirmed } from './sessions.ts';
import type { UserChains } from './user-chains.ts';
import { requireLinkBoxes, storeUserLink } from './user-links.ts';

export interface LinkSigner {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
}

export interface ExtensionDependencies {
  readonly database: Database;
  readonly chains: UserChains;
  readonly notify: Notify;
  /** Another feature's part of the transaction; what it gives is for after the commit. */
  readonly appendInboxLink: (trx: Transaction, inboxId: InboxId, link: SignedLink, signer: LinkSigner) => Promise<() => Promise<void>>;
  /** The sockets of a session that has ended are to be told and closed, on every node. */
  readonly endSockets: (sessionId: SessionId) => void;
  /** Reads again what the account's sockets may do. */
  readonly refreshRights: (accountId: AccountId) => Promise<void>;
}

export interface Extension {
  readonly links: readonly SignedLink[];
  readonly inboxLinks: readonly { readonly inboxId: InboxId; readonly link: SignedLink }[];
}

/**
 * Links of the caller's own chain and of inboxes, all or none. Whoever signs the first one holds the session's device; a session whose
 * device the links revoke goes on with the device that signed the last one (a recovery code is used up like that), all other sessions
 * of revoked devices end with the commit.
 */
export async function extendAccount(
  { links, inboxLinks }: Extension,
  { accountId, deviceId, sessionId }: Caller,
  { database, chains, notify, appendInboxLink, endSockets, refreshRights }: ExtensionDependencies,
): Promise<{ seqno: number }> {
  const outers = links.map(({ link }) => verified(() => decodeLink(fromBase64Url(link)).outer));
  const [first, last] = [outers[0], outers.at(-1)];
  if (!first || !last) throw new AppError('bad_request', 'no links');
  const signer = { accountId, deviceId: idOf<'device'>(last.signerDevice) };

  const done = await transaction(database, async (trx) => {
    const accounts = new AccountStore(trx);
    if (!(await accounts.lock([accountId], 'update'))) throw new AppError('not_found', 'no such account');
    const before = (await chains.load(trx, [accountId])).get(accountId);
    if (!before) throw new AppError('not_found', 'no such account');
    if (first.seqno <= before.seqno) {
      const stored = await accounts.findLinks([{ accountId, seqno: first.seqno - 1 }]);
      const isRepeat = links.every(({ link }, index) => equalBytes(stored[index]?.link ?? new Uint8Array(), fromBase64Url(link)));
      if (!isRepeat) throw new AppError('conflict', 'another link came first');
      return { seqno: last.seqno, head: before.seqno, ended: [], isMoved: false, after: [] };
    }
    if (deviceId === null || idOf(first.signerDevice) !== deviceId) throw new AppError('forbidden', "not signed by the session's device");
    const after = await append(trx, before, links);
    if (after.devices.length > before.devices.length) await requireConfirmed(trx, sessionId);
    const revoked = revokedBetween(before, after);
    const sessions = new SessionStore(trx);
    const isMoved = revoked.includes(deviceId);
    if (isMoved && !(await sessions.bind(sessionId, signer.deviceId))) throw new AppError('unauthenticated', 'the session ended meanwhile');
    const ended = await sessions.remove(accountId, { deviceIds: revoked });
    const told: (() => Promise<void>)[] = [];
    for (const { inboxId, link } of inboxLinks) told.push(await appendInboxLink(trx, inboxId, link, signer));
    return { seqno: after.seqno, head: after.seqno, ended, isMoved, after: told };
  });

  for (const ended of done.ended) endSockets(ended);
  if (done.isMoved) await refreshRights(accountId);
  for (const tell of done.after) await tell();
  notify({ account: accountId }, 'account:changed', { accountId, head: done.head });
  return { seqno: done.seqno };
}

/** Verifies each link as every reader of the chain would, and stores it with its boxes. */
async function append(trx: Transaction, before: UserChainState, links: readonly SignedLink[]): Promise<UserChainState> {
  let state = before;
  for (const signed of links) {
    const next = verified(() => {
      const extended = extendUserChain(state, fromBase64Url(signed.link));
      requireLinkBoxes(extended, signed);
      return extended;
    });
    await storeUserLink(trx, next, signed);
    state = next;
  }
  return state;
}

function revokedBetween(before: UserChainState, after: UserChainState): DeviceId[] {
  const active = new Set(activeDevices(after).map((device) => idOf<'device'>(device.deviceId)));
  return before.devices
    .filter((device) => device.revokedAt === null)
    .map((device) => idOf<'device'>(device.deviceId))
    .filter((deviceId) => !active.has(deviceId));
}
