import { AppError } from '../platform/app-error.ts';
import { type Database, type Transaction, transaction } from '../platform/database.ts';
import { verified } from '../platform/verified.ts';
import { type Base64Url, fromBase64Url } from '../protocol/base64url.ts';
import { type BoxSlot, requireBoxes } from '../protocol/generation.ts';
import { type AccountId, type DeviceId, idOf, type InboxId } from '../protocol/ids.ts';
import { decodeInboxBody, type InboxBody, type InboxRole } from '../protocol/inbox-bodies.ts';
import { extendInboxChain, previewInboxLink, replayInboxChain, signersOf } from '../protocol/inbox-chain.ts';
import { currentMembers, type InboxChainState } from '../protocol/inbox-state.ts';
import { decodeLink } from '../protocol/link.ts';
import type { SignedLink } from '../protocol/offices.ts';
import { equalBytes } from '../protocol/sodium.ts';
import { currentGeneration } from '../protocol/user-state.ts';
import type { InboxChains } from './inbox-chains.ts';
import { InboxStore } from './inbox-store.ts';
import { ProposalStore } from './proposal-store.ts';

export interface InboxesDependencies {
  readonly database: Database;
  readonly chains: InboxChains;
  /** Whether the account may get a role in the inbox's chain: the owner signs what he was told, the server checks it. */
  readonly mayBecome: (accountId: AccountId, inboxId: InboxId, role: InboxRole) => Promise<boolean>;
  /** Rights and rooms follow the chain: whoever was removed is out of the room before anything else happens in the inbox. */
  readonly onAppended: (inboxId: InboxId, appended: Appended) => Promise<void>;
}

export interface Appended {
  readonly seqno: number;
  /** People whose role has changed; empty when the link was there already. */
  readonly changed: readonly AccountId[];
}

/** Whoever sends a link: his is one of the signatures on it. */
export interface LinkSigner {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
}

/** Chains of inboxes: everything is verified as a reader would, before it is stored. */
export class Inboxes {
  readonly #dependencies: InboxesDependencies;

  constructor(dependencies: InboxesDependencies) {
    this.#dependencies = dependencies;
  }

  /** The beginning of an inbox, in the transaction that makes its office. */
  async begin(trx: Transaction, root: SignedLink): Promise<InboxId> {
    const bytes = fromBase64Url(root.link);
    const verification = await this.#dependencies.chains.verificationOf(trx, null, [bytes], 'now');
    const state = verified(() => replayInboxChain([bytes], verification));
    const inboxId = idOf<'inbox'>(state.inboxId);
    await new InboxStore(trx).add(inboxId);
    await store(trx, inboxId, state, root);
    return inboxId;
  }

  /** Until the transaction ends nobody joins or leaves the inbox: what is sealed to it is sealed to those who are in it. */
  async hold(trx: Transaction, inboxId: InboxId): Promise<void> {
    if (!(await new InboxStore(trx).lock(inboxId, 'share'))) throw new AppError('not_found', 'no such inbox');
  }

  /** Compare-and-swap on the head. The same link twice is answered alike; `conflict` when another one came first. */
  async append(inboxId: InboxId, signed: SignedLink, signer: LinkSigner): Promise<{ seqno: number }> {
    const { database, onAppended } = this.#dependencies;
    const appended = await transaction(database, async (trx) => await this.#extend(trx, inboxId, signed, signer));
    await onAppended(inboxId, appended);
    return { seqno: appended.seqno };
  }

  /** The same in somebody else's transaction, beside what must be stored with it. What it gives is for after the commit. */
  async appendWithin(trx: Transaction, inboxId: InboxId, signed: SignedLink, signer: LinkSigner): Promise<() => Promise<void>> {
    const appended = await this.#extend(trx, inboxId, signed, signer);
    return async () => await this.#dependencies.onAppended(inboxId, appended);
  }

  /** Judges a link that waits for a second person: everything but the missing signatures. Gives whose they are. */
  async preview(trx: Transaction, inboxId: InboxId, signed: SignedLink, signer: LinkSigner): Promise<{ asked: readonly AccountId[] }> {
    const bytes = fromBase64Url(signed.link);
    const [first, ...asked] = signersOfLink(bytes);
    if (first?.accountId !== signer.accountId || first.deviceId !== signer.deviceId)
      throw new AppError('forbidden', 'signed by somebody else');
    if (asked.length === 0) throw new AppError('bad_request', 'nobody else is to sign it');
    const before = await this.#lock(trx, inboxId);
    const verification = await this.#dependencies.chains.verificationOf(trx, before, [bytes], 'now');
    const after = verified(() => previewInboxLink(before, bytes, verification));
    await this.#requireFit(inboxId, before, after);
    requireNamedBoxes(after, signed);
    return { asked: asked.map(({ accountId }) => accountId) };
  }

  async #extend(trx: Transaction, inboxId: InboxId, signed: SignedLink, signer: LinkSigner): Promise<Appended> {
    const bytes = fromBase64Url(signed.link);
    const isSigner = signersOfLink(bytes).some(({ accountId, deviceId }) => accountId === signer.accountId && deviceId === signer.deviceId);
    if (!isSigner) throw new AppError('forbidden', 'signed by others');
    const before = await this.#lock(trx, inboxId);
    const { outer } = verified(() => decodeLink(bytes));
    if (outer.seqno <= before.seqno) {
      const stored = await new InboxStore(trx).findLink(inboxId, outer.seqno);
      if (stored && equalBytes(stored, bytes)) return { seqno: outer.seqno, changed: [] };
      throw new AppError('conflict', 'another link came first');
    }
    const verification = await this.#dependencies.chains.verificationOf(trx, before, [bytes], 'now');
    const after = verified(() => extendInboxChain(before, bytes, verification));
    const changed = await this.#requireFit(inboxId, before, after);
    await store(trx, inboxId, after, signed);
    // They follow the head that was: nobody can complete them any more.
    await new ProposalStore(trx).removeOf(inboxId);
    return { seqno: after.seqno, changed };
  }

  async #lock(trx: Transaction, inboxId: InboxId): Promise<InboxChainState> {
    const isThere = await new InboxStore(trx).lock(inboxId, 'update');
    const state = isThere ? await this.#dependencies.chains.load(trx, inboxId) : null;
    if (!state) throw new AppError('not_found', 'no such inbox');
    return state;
  }

  /** Whose role changes; each of them may have the new one. */
  async #requireFit(inboxId: InboxId, before: InboxChainState, after: InboxChainState): Promise<AccountId[]> {
    const changed = changedRoles(before, after);
    for (const { accountId, role } of changed) {
      if (role && !(await this.#dependencies.mayBecome(accountId, inboxId, role)))
        throw new AppError('forbidden', 'no such person in the office');
    }
    return changed.map(({ accountId }) => accountId);
  }
}

/** Its signer, then those its body names; empty for a root. */
function signersOfLink(bytes: Uint8Array): LinkSigner[] {
  return verified(() => {
    const { outer, body } = decodeLink(bytes);
    if (outer.signerUser === null || body === null) return [];
    return signersOf(outer.signerUser, outer.signerDevice, decodeInboxBody(outer.type, body)).map(({ userId, deviceId }) => ({
      accountId: idOf<'account'>(userId),
      deviceId: idOf<'device'>(deviceId),
    }));
  });
}

/** The slots of the boxes that travel with a link, which must be the ones it names. */
function requireNamedBoxes(state: InboxChainState, { link, boxes, previousBox }: SignedLink): readonly BoxSlot[] {
  return verified(() => {
    const { outer, body } = decodeLink(fromBase64Url(link));
    const sealed = sealedIn(state, decodeInboxBody(outer.type, body ?? new Uint8Array()));
    requireBoxes(
      { boxHashes: sealed.map((slot) => slot.boxHash), prevBoxHash: prevBoxHashOf(state) },
      boxes.map(fromBase64Url),
      previousBox && fromBase64Url(previousBox),
    );
    return sealed;
  });
}

/** The newest link of a state, with the boxes it names. */
async function store(trx: Transaction, inboxId: InboxId, state: InboxChainState, signed: SignedLink): Promise<void> {
  const inboxes = new InboxStore(trx);
  const { link, boxes, previousBox } = signed;
  const sealed = requireNamedBoxes(state, signed);
  await inboxes.addLink(inboxId, state.seqno, fromBase64Url(link));
  const { generation, seqno } = currentGeneration(state);
  if (seqno === state.seqno) await inboxes.addGeneration(inboxId, generation, previousBox && fromBase64Url(previousBox));
  await inboxes.putBoxes(
    inboxId,
    generation,
    sealed.map((slot, index) => ({
      accountId: idOf<'account'>(slot.recipient),
      recipientGeneration: slot.recipientGeneration ?? 1,
      box: bytesAt(boxes, index),
    })),
  );
  await inboxes.replaceMembers(
    inboxId,
    currentMembers(state).map(({ userId, role }) => ({ accountId: idOf<'account'>(userId), role })),
  );
}

/** The slots of the boxes that travel with a link: all of a new generation, or the one of a new member. */
function sealedIn(state: InboxChainState, body: InboxBody) {
  const { boxes, seqno } = currentGeneration(state);
  if (seqno === state.seqno) return boxes;
  return body.type === 'add_member' ? boxes.filter((slot) => equalBytes(slot.recipient, body.member.userId)) : [];
}

function prevBoxHashOf(state: InboxChainState): Uint8Array | null {
  const { prevBoxHash, seqno } = currentGeneration(state);
  return seqno === state.seqno ? prevBoxHash : null;
}

function bytesAt(boxes: readonly Base64Url[], index: number): Uint8Array {
  return fromBase64Url(boxes[index] ?? '');
}

function rolesIn(state: InboxChainState): ReadonlyMap<AccountId, InboxRole> {
  return new Map(currentMembers(state).map(({ userId, role }) => [idOf<'account'>(userId), role]));
}

/** Null: no role any more. */
function changedRoles(before: InboxChainState, after: InboxChainState): { accountId: AccountId; role: InboxRole | null }[] {
  const [old, current] = [rolesIn(before), rolesIn(after)];
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((accountId) => old.get(accountId) !== current.get(accountId))
    .map((accountId) => ({ accountId, role: current.get(accountId) ?? null }));
}
