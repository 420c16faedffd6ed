import { AppError } from '../platform/app-error.ts';
import { type Caller, isReader } from '../platform/caller.ts';
import { type Announcement, type Database, type Transaction, transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { verified } from '../platform/verified.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { ConversationEvent, ConversationView } from '../protocol/conversations.ts';
import { envelopeHash, firstRun, nextRun } from '../protocol/envelope.ts';
import { decodeSignedEpoch } from '../protocol/epoch.ts';
import { verifyEpoch } from '../protocol/epoch-rules.ts';
import { type AccountId, type ConversationId, idOf, type InboxId, type OfficeId, type ServiceId } from '../protocol/ids.ts';
import type { SignedLink } from '../protocol/offices.ts';
import { equalBytes } from '../protocol/sodium.ts';
import { type Advance, type BoxReader, entryFor, isSameForInbox } from './entry.ts';
import { boxesOf, type ChainSource, epochInForce, type HoldAccounts, loadVerification, namedIn, requireOwnDevice } from './epochs.ts';
import { referenceOf } from './reference.ts';
import { type ConversationRow, ConversationStore, type NewEntry } from './store.ts';

export interface ConversationsDependencies {
  readonly database: Database;
  readonly notify: Notify;
  readonly now: () => number;
  readonly chains: ChainSource;
  /** Until the transaction ends, no device of these accounts comes or goes, and none of their keys is renewed. Before any other lock. */
  readonly holdAccounts: HoldAccounts;
  /** Until the transaction ends, nobody joins or leaves the inbox. */
  readonly holdInbox: (trx: Transaction, inboxId: InboxId) => Promise<void>;
  /** Whose inbox it is; null for one that is no office's. */
  readonly officeOf: (inboxId: InboxId) => Promise<OfficeId | null>;
  readonly findService: (serviceId: ServiceId) => Promise<{ readonly officeId: OfficeId; readonly inboxId: InboxId } | null>;
  /** The local date: "2026-11-22". */
  readonly dayOf: (at: number) => string;
  /** Everybody on this node has been told of this head. */
  readonly onAnnounced: (conversationId: ConversationId, head: number) => void;
}

/** Ciphertext in order. Whatever changes a conversation does it under the lock on its row, and is told after the commit. */
export class Conversations {
  readonly #dependencies: ConversationsDependencies;

  constructor(dependencies: ConversationsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Its facts, for checks; null when there is no such conversation. */
  async find(conversationId: ConversationId): Promise<ConversationRow | null> {
    return await new ConversationStore(this.#dependencies.database).find(conversationId);
  }

  /** Whose conversation has this reference, or null. */
  async findCitizen(reference: string): Promise<AccountId | null> {
    return await new ConversationStore(this.#dependencies.database).findCitizen(reference);
  }

  /** The conversation, if the caller may know of it: the citizen's own, or one of an inbox he reads. Else `not_found`. */
  async requireReadable(conversationId: ConversationId, caller: Caller): Promise<ConversationRow> {
    const row = await this.find(conversationId);
    if (!row || !mayRead(row, caller)) throw new AppError('not_found', 'no such conversation for the caller');
    return row;
  }

  /** Opens a conversation with its first epoch at position 1. */
  async open(
    { conversationId, serviceId, epoch }: { conversationId: ConversationId; serviceId: ServiceId; epoch: SignedLink },
    caller: Caller,
  ): Promise<ConversationView> {
    const { database, chains, findService, holdAccounts, holdInbox, dayOf, now, notify } = this.#dependencies;
    const service = await findService(serviceId);
    if (!service) throw new AppError('not_found', 'no such service');
    const { inboxId, officeId } = service;
    const bytes = fromBase64Url(epoch.link);
    const { link } = verified(() => decodeSignedEpoch(bytes));
    requireOwnDevice(caller, { userId: link.signerUser, deviceId: link.signerDevice });
    if (idOf<'conversation'>(link.conversationId) !== conversationId) throw new AppError('bad_request', 'an epoch of another conversation');
    const { advance, view } = await transaction(database, async (trx) => {
      const store = new ConversationStore(trx);
      await holdAccounts(trx, [caller.accountId, ...namedIn(link).accountIds]);
      await holdInbox(trx, inboxId);
      const at = new Date(now());
      const run = nextRun(firstRun(fromBase64Url(conversationId)), 1, envelopeHash(bytes));
      const reference = referenceOf(dayOf(at.getTime()), await store.nextNumber());
      const row: ConversationRow = {
        conversationId,
        reference,
        serviceId,
        officeId,
        inboxId,
        citizenId: caller.accountId,
        state: 'open',
        head: 1,
        epoch: 1,
        run,
        openedAt: at,
        lastActivityAt: at,
      };
      if (!(await store.add(row)))
        return { advance: null, view: await this.#openedBefore(store, { conversationId, serviceId }, bytes, caller) };
      const parties = { citizenId: fromBase64Url(caller.accountId), inboxId: fromBase64Url(inboxId) };
      const named = namedIn(link);
      const verification = await loadVerification(trx, chains, { ...named, inboxIds: [...named.inboxIds, inboxId] });
      verified(() => verifyEpoch(bytes, null, parties, verification));
      const boxes = verified(() => boxesOf(link, epoch));
      const entry: NewEntry = {
        conversationId,
        position: 1,
        kind: 'epoch',
        bytes,
        deviceId: null,
        messageId: null,
        epoch: 1,
        previousBox: null,
        run,
        acceptedAt: at,
      };
      await store.addEntries([entry]);
      await store.addBoxes(conversationId, 1, boxes);
      return { advance: advanceOf(row, [{ ...entry, boxes }]), view: await requireView(store, conversationId, caller) };
    });
    if (advance) {
      this.announce(advance);
      notify({ readers: inboxId }, 'conversation:changed', { conversation: { ...view, readPosition: 0, otherReadPosition: 0 } });
      notify({ account: caller.accountId }, 'conversation:changed', { conversation: view });
    }
    return view;
  }

  async #openedBefore(
    store: ConversationStore,
    wanted: { conversationId: ConversationId; serviceId: ServiceId },
    bytes: Uint8Array,
    caller: Caller,
  ): Promise<ConversationView> {
    const [row, first] = [await store.find(wanted.conversationId), await store.findEpoch(wanted.conversationId, 1)];
    const isSame = row?.citizenId === caller.accountId && row.serviceId === wanted.serviceId && first && equalBytes(first.bytes, bytes);
    if (!isSame) throw new AppError('conflict', "the id is another conversation's");
    return await requireView(store, wanted.conversationId, caller);
  }

  /** Compare-and-swap on the epoch: `conflict` when another one came first. The same epoch twice has the same position. */
  async appendEpoch(conversationId: ConversationId, epoch: SignedLink, caller: Caller): Promise<{ position: number }> {
    const { database, chains, holdAccounts, holdInbox, now } = this.#dependencies;
    const bytes = fromBase64Url(epoch.link);
    const { link } = verified(() => decodeSignedEpoch(bytes));
    requireOwnDevice(caller, { userId: link.signerUser, deviceId: link.signerDevice });
    const { inboxId: inboxBefore, citizenId } = await this.requireReadable(conversationId, caller);
    const named = namedIn(link);
    const inboxIds = [...new Set([...named.inboxIds, inboxBefore])].toSorted();
    const { position, advance } = await transaction(database, async (trx) => {
      const store = new ConversationStore(trx);
      await holdAccounts(trx, [...named.accountIds, citizenId]);
      for (const inboxId of inboxIds) await holdInbox(trx, inboxId);
      const row = (await store.lock([conversationId])).get(conversationId);
      if (!row || !mayRead(row, caller)) throw new AppError('not_found', 'no such conversation for the caller');
      const stored = await store.findEpoch(conversationId, link.epoch);
      if (stored && equalBytes(stored.bytes, bytes)) return { position: stored.position, advance: null };
      if (stored || link.epoch !== row.epoch + 1) throw new AppError('conflict', 'another epoch came first');
      if (row.state === 'closed') throw new AppError('closed', 'the conversation is closed');
      const verification = await loadVerification(trx, chains, { accountIds: [...named.accountIds, row.citizenId], inboxIds });
      const { parties } = verified(() => verifyEpoch(bytes, epochInForce(row), epochInForce(row).parties, verification));
      const boxes = verified(() => boxesOf(link, epoch));
      const entry = nextEntry(row, {
        kind: 'epoch',
        bytes,
        epoch: link.epoch,
        previousBox: epoch.previousBox && fromBase64Url(epoch.previousBox),
        acceptedAt: new Date(now()),
      });
      await store.addEntries([entry]);
      await store.addBoxes(conversationId, link.epoch, boxes);
      const after = {
        ...row,
        head: entry.position,
        run: entry.run,
        epoch: link.epoch,
        ...(await this.#placeOf(row, idOf<'inbox'>(parties.inboxId))),
        lastActivityAt: entry.acceptedAt,
      };
      await store.advance([after]);
      return { position: entry.position, advance: advanceOf(after, [{ ...entry, boxes }]) };
    });
    if (advance) this.announce(advance);
    if (advance && advance.inboxId !== inboxBefore) await this.#tellOfTransfer(advance, inboxBefore);
    return { position };
  }

  /** Where a conversation with this inbox belongs. A case is handed over to offices only. */
  async #placeOf(row: ConversationRow, inboxId: InboxId): Promise<Pick<ConversationRow, 'inboxId' | 'officeId'>> {
    const officeId = inboxId === row.inboxId ? row.officeId : await this.#dependencies.officeOf(inboxId);
    if (officeId === null) throw new AppError('bad_request', "the inbox is no office's");
    return { inboxId, officeId };
  }

  /** Those who get it have never heard of the conversation; those who had it see its last entry, and no more. */
  async #tellOfTransfer(advance: Advance, inboxBefore: InboxId): Promise<void> {
    const { database, notify } = this.#dependencies;
    const { conversationId, citizenId, inboxId, head, entries } = advance;
    notify({ readers: inboxBefore }, 'conversation:advanced', {
      conversationId,
      head,
      entries: entries.map((entry) => entryFor([], entry)),
    });
    const view = await new ConversationStore(database).view(conversationId, citizenId);
    if (!view) return;
    notify({ account: citizenId }, 'conversation:changed', { conversation: view });
    notify({ readers: inboxId }, 'conversation:changed', {
      conversation: { ...view, readPosition: 0, otherReadPosition: view.readPosition },
    });
  }

  /** Records what happened, as the next entry: for other features, in the transaction that makes it so. */
  async recordEvent(trx: Transaction, conversationId: ConversationId, event: ConversationEvent): Promise<Announcement> {
    const store = new ConversationStore(trx);
    const row = (await store.lock([conversationId])).get(conversationId);
    if (!row) throw new AppError('not_found', 'no such conversation');
    const bytes = new TextEncoder().encode(JSON.stringify(event));
    const entry = nextEntry(row, { kind: 'event', bytes, epoch: null, previousBox: null, acceptedAt: new Date(this.#dependencies.now()) });
    await store.addEntries([entry]);
    const after = { ...row, head: entry.position, run: entry.run, lastActivityAt: entry.acceptedAt };
    await store.advance([after]);
    const advance = advanceOf(after, [{ ...entry, boxes: [] }]);
    return () => this.announce(advance);
  }

  /** Tells everybody who reads the conversation what a commit has added. */
  announce(advance: Advance): void {
    const { conversationId, citizenId, inboxId, head, entries } = advance;
    const { notify } = this.#dependencies;
    const tell = (audience: Parameters<Notify>[0], readers: readonly BoxReader[], shown: Advance['entries']): void =>
      notify(audience, 'conversation:advanced', { conversationId, head, entries: shown.map((entry) => entryFor(readers, entry)) });
    tell({ account: citizenId }, [{ kind: 'user', id: citizenId }], entries);
    // Where each official has a box of his own, everybody asks for his.
    tell({ readers: inboxId }, [{ kind: 'inbox', id: inboxId }], isSameForInbox(advance) ? entries : []);
    this.#dependencies.onAnnounced(conversationId, head);
  }
}

export function mayRead({ citizenId, inboxId }: Pick<ConversationRow, 'citizenId' | 'inboxId'>, caller: Caller): boolean {
  return citizenId === caller.accountId || isReader(caller, inboxId);
}

/** Whose boxes the caller gets with an epoch: the inbox's, or, where officials are named, his own. */
export function boxReadersOf({ inboxId }: Pick<ConversationRow, 'inboxId'>, { accountId, role }: Caller): BoxReader[] {
  if (role === 'citizen') return [{ kind: 'user', id: accountId }];
  return [
    { kind: 'inbox', id: inboxId },
    { kind: 'member', id: accountId },
  ];
}

/** The entry after the head of a locked conversation. */
export function nextEntry(
  { conversationId, head, run }: Pick<ConversationRow, 'conversationId' | 'head' | 'run'>,
  entry: Pick<NewEntry, 'kind' | 'bytes' | 'epoch' | 'previousBox' | 'acceptedAt'> & Partial<Pick<NewEntry, 'deviceId' | 'messageId'>>,
): NewEntry {
  const position = head + 1;
  return { deviceId: null, messageId: null, ...entry, conversationId, position, run: nextRun(run, position, envelopeHash(entry.bytes)) };
}

function advanceOf({ conversationId, citizenId, inboxId, head }: ConversationRow, entries: Advance['entries']): Advance {
  return { conversationId, citizenId, inboxId, head, entries };
}

async function requireView(store: ConversationStore, conversationId: ConversationId, caller: Caller): Promise<ConversationView> {
  const view = await store.view(conversationId, caller.accountId);
  if (!view) throw new AppError('not_found', 'no such conversation');
  return view;
}
