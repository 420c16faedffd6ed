import { fromBase64Url } from '../protocol/base64url.ts';
import type { CallInvite, CallInviteId } from '../protocol/calls.ts';
import type { Request } from '../protocol/commands.ts';
import type { AccountId, CallId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { AppError } from '../platform/app-error.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import { requireRunning } from './call.ts';
import type { Calls } from './calls.ts';
import type { CompanionStore } from './companion-store.ts';
import type { Companions } from './companions.ts';
import { isSecret, stateOf, type InviteStore, type StoredInvite } from './invite-store.ts';
import type { CallStore } from './store.ts';

export interface InvitesDependencies {
  readonly database: Database;
  readonly store: CallStore;
  readonly invites: InviteStore;
  readonly companionStore: CompanionStore;
  readonly companions: Companions;
  readonly calls: Calls;
  readonly now: () => number;
}

/** What somebody shows who comes by a link. */
export interface LinkUse {
  readonly inviteId: CallInviteId;
  readonly tokenHash: Uint8Array;
  /** Of a secret of the tab it was opened in, and the account. */
  readonly attemptHash: Uint8Array;
  readonly accountId: AccountId;
}

const inviters = ['citizen', 'official'] as const;

/** Links by which a relative, an interpreter or a captioner comes into a call: each once, for an hour, into this call alone. */
export class Invites {
  readonly #dependencies: InvitesDependencies;

  constructor(dependencies: InvitesDependencies) {
    this.#dependencies = dependencies;
  }

  /** The same twice is one; `conflict` when the id is another one's, `bad_state` when six would be too many. */
  async add(request: Request<'call:invite'>, inviterId: AccountId): Promise<CallInvite> {
    const { database, store, invites, companions, now } = this.#dependencies;
    const { callId, inviteId, role, displayName } = request;
    const tokenHash = fromBase64Url(request.tokenHash);
    const at = now();
    return await transaction(database, async (within) => {
      const call = requireRunning(await store.lock(within, callId), inviterId, inviters);
      const known = await invites.find(inviteId, within);
      if (known) {
        if (known.inviterId !== inviterId || known.callId !== callId || !isSecret(known.tokenHash, tokenHash))
          throw new AppError('conflict', 'the id is taken');
        return viewOf(known, at);
      }
      await companions.requireRoom(within, call);
      const expiresAt = at + limits.callInviteMs;
      const invite = { inviteId, callId, inviterId, role, displayName, tokenHash, granted: fromBase64Url(request.grant), expiresAt };
      await invites.add(within, invite, at);
      return viewOf({ ...invite, usedAt: null, usedBy: null, withdrawnAt: null }, at);
    });
  }

  /** All of the call, whoever of the two sent them. */
  async list(callId: CallId, accountId: AccountId): Promise<readonly CallInvite[]> {
    const { store, invites, now } = this.#dependencies;
    requireRunning(await store.get(callId), accountId, inviters);
    return (await invites.list(callId)).map((invite) => viewOf(invite, now()));
  }

  /** By whoever sent it, or the official. Twice is answered alike, and so is one that was used: its guest is to be taken out. */
  async withdraw(callId: CallId, inviteId: CallInviteId, accountId: AccountId): Promise<CallInvite> {
    const { database, store, invites, now } = this.#dependencies;
    const at = now();
    return await transaction(database, async (within) => {
      const call = requireRunning(await store.lock(within, callId), accountId, inviters);
      const invite = await invites.find(inviteId, within);
      if (invite?.callId !== callId) throw new AppError('not_found', 'no such invite');
      if (invite.inviterId !== accountId && call.official.accountId !== accountId) throw new AppError('forbidden', 'the invite of another');
      if (stateOf(invite, at) !== 'open') return viewOf(invite, at);
      await invites.withdraw(within, inviteId, at);
      return viewOf({ ...invite, withdrawnAt: at }, at);
    });
  }

  /**
   * Uses a link up, for a guest whose account comes into being in this transaction. The tab that has used it is let in again, since it may
   * not have heard the answer. Null when it is not there, not this token's, used, withdrawn, expired, its guest gone, or its call over:
   * all alike.
   */
  async use(
    within: Transaction,
    { inviteId, tokenHash, attemptHash, accountId }: LinkUse,
    addAccount: (displayName: string) => Promise<void>,
  ): Promise<Announcement | null> {
    const { store, invites, companionStore, calls, now } = this.#dependencies;
    const at = now();
    const seen = await invites.find(inviteId, within);
    if (!seen || !isSecret(seen.tokenHash, tokenHash)) return null;
    const call = await store.lock(within, seen.callId);
    // Only under the lock it is certain that nobody else has used it.
    const invite = await invites.find(inviteId, within);
    if (!invite || call.state === 'ended') return null;
    const { callId, role, displayName, inviterId, granted, usedBy } = invite;
    if (usedBy !== null) {
      const isHis = isSecret(usedBy, attemptHash) && call.companions.some((companion) => companion.accountId === accountId);
      return isHis ? () => undefined : null;
    }
    if (stateOf(invite, at) !== 'open') return null;
    await invites.markUsed(within, inviteId, attemptHash, at);
    await addAccount(displayName);
    await companionStore.add(within, { callId, accountId, role, displayName, inviterId, granted }, at);
    await store.touch(within, callId, at);
    const after = await store.read(within, callId);
    return () => calls.tell(after);
  }
}

function viewOf(invite: StoredInvite, at: number): CallInvite {
  const { inviteId, role, displayName, expiresAt } = invite;
  return { inviteId, role, displayName, state: stateOf(invite, at), expiresAt };
}
