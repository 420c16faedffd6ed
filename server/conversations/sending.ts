import type { KeyObject } from 'node:crypto';
import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import { CommitQueue, type Outcome } from '../platform/commit-queue.ts';
import { type Database, transaction } from '../platform/database.ts';
import { verified } from '../platform/verified.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { Receipt } from '../protocol/conversations.ts';
import { checkEnvelope, decodeEnvelope } from '../protocol/envelope.ts';
import type { EpochVerification } from '../protocol/epoch-rules.ts';
import { type ConversationId, type DeviceId, idOf, type MessageId } from '../protocol/ids.ts';
import { equalBytes } from '../protocol/sodium.ts';
import { mayRead, nextEntry } from './conversations.ts';
import type { Advance } from './entry.ts';
import { type ChainSource, epochInForce, type HoldAccounts, loadVerification, namedIn, requireOwnDevice } from './epochs.ts';
import { Receipts } from './receipts.ts';
import { ConversationStore, type LockedConversation, type NewEntry } from './store.ts';

interface Sending {
  readonly conversationId: ConversationId;
  readonly bytes: Uint8Array;
  readonly deviceId: DeviceId;
  readonly messageId: MessageId;
  readonly caller: Caller;
}

export interface Sent {
  readonly position: number;
  readonly acceptedAt: number;
  readonly receipt: Receipt;
}

export interface SendingDependencies {
  readonly database: Database;
  readonly chains: ChainSource;
  readonly receipts: Receipts;
  readonly holdAccounts: HoldAccounts;
  readonly now: () => number;
  readonly announce: (advance: Advance) => void;
}

const maxBatch = 100;
const maxWaiting = 2_000;

/** Takes envelopes from everybody and stores them in batches; each is answered, and told to its readers, after its commit. */
export class MessageSending {
  readonly #dependencies: SendingDependencies;
  readonly #queue: CommitQueue<Sending, Sent>;

  constructor(dependencies: SendingDependencies) {
    this.#dependencies = dependencies;
    this.#queue = new CommitQueue({ commit: async (batch) => await this.#commit(batch), maxBatch, maxWaiting });
  }

  async send(conversationId: ConversationId, bytes: Uint8Array, caller: Caller): Promise<Sent> {
    const { header } = verified(() => decodeEnvelope(bytes));
    requireOwnDevice(caller, { userId: header.senderUser, deviceId: header.senderDevice });
    return await this.#queue.add({
      conversationId,
      bytes,
      deviceId: idOf<'device'>(header.senderDevice),
      messageId: idOf<'message'>(header.messageId),
      caller,
    });
  }

  /** Resolves when nothing waits for its commit any more. */
  async settled(): Promise<void> {
    await this.#queue.settled();
  }

  async #commit(batch: readonly Sending[]): Promise<Outcome<Sent>[]> {
    const { database, chains, receipts, holdAccounts, now, announce } = this.#dependencies;
    const key = await receipts.ready();
    const { outcomes, conversations, added } = await transaction(database, async (trx) => {
      const store = new ConversationStore(trx);
      // A device that is being revoked has either sent before, or is refused.
      await holdAccounts(
        trx,
        batch.map(({ caller }) => caller.accountId),
      );
      const locked = new Map(await store.lock(batch.map(({ conversationId }) => conversationId)));
      const before = new Map((await store.findSent(batch)).map((entry) => [keyOf(entry), entry]));
      const verification = await loadVerification(trx, chains, whoIsConcerned(batch, locked));
      const entries: NewEntry[] = [];
      const results = batch.map((sending): Outcome<NewEntry> => {
        try {
          const known = before.get(keyOf(sending));
          const entry = place(sending, locked.get(sending.conversationId), known, { verification, acceptedAt: new Date(now()) });
          if (entry !== known) {
            entries.push(entry);
            before.set(keyOf(sending), entry);
            const row = locked.get(sending.conversationId);
            if (row) locked.set(row.conversationId, { ...row, head: entry.position, run: entry.run, lastActivityAt: entry.acceptedAt });
          }
          return { result: entry };
        } catch (error) {
          // One that is refused does not hold up the others.
          return { error };
        }
      });
      const changed = [...locked.values()].filter(({ conversationId }) => entries.some((entry) => entry.conversationId === conversationId));
      await store.addEntries(entries);
      if (changed.length > 0) await store.advance(changed);
      return { outcomes: results, conversations: changed, added: entries };
    });
    for (const { conversationId, citizenId, inboxId, head } of conversations) {
      announce({
        conversationId,
        citizenId,
        inboxId,
        head,
        entries: added.filter((entry) => entry.conversationId === conversationId).map((entry) => ({ ...entry, boxes: [] })),
      });
    }
    return outcomes.map((outcome) => ('result' in outcome ? { result: sentAs(outcome.result, key) } : outcome));
  }
}

/** What the sender is answered once his message's entry is stored. */
function sentAs({ conversationId, position, run, acceptedAt }: NewEntry, key: KeyObject): Sent {
  const receipt = Receipts.sign(key, { conversationId: fromBase64Url(conversationId), position, run });
  return { position, acceptedAt: acceptedAt.getTime(), receipt };
}

/** The message's entry: the one it has already, or the next one of its conversation. Throws what its sender is answered. */
function place(
  sending: Sending,
  row: LockedConversation | undefined,
  known: NewEntry | undefined,
  { verification, acceptedAt }: { verification: EpochVerification; acceptedAt: Date },
): NewEntry {
  if (!row || !mayRead(row, sending.caller)) throw new AppError('not_found', 'no such conversation for the caller');
  if (known) {
    if (equalBytes(known.bytes, sending.bytes)) return known;
    throw new AppError('conflict', "the message id is another message's");
  }
  if (row.state === 'closed') throw new AppError('closed', 'the conversation is closed');
  verified(() => checkEnvelope(sending.bytes, epochInForce(row), verification));
  return nextEntry(row, {
    kind: 'message',
    bytes: sending.bytes,
    deviceId: sending.deviceId,
    messageId: sending.messageId,
    epoch: null,
    previousBox: null,
    acceptedAt,
  });
}

function whoIsConcerned(batch: readonly Sending[], locked: ReadonlyMap<ConversationId, LockedConversation>) {
  const epochs = [...locked.values()].map((row) => namedIn(epochInForce(row)));
  return {
    accountIds: [...batch.map(({ caller }) => caller.accountId), ...epochs.flatMap(({ accountIds }) => accountIds)],
    inboxIds: [...Array.from(locked.values(), ({ inboxId }) => inboxId), ...epochs.flatMap(({ inboxIds }) => inboxIds)],
  };
}

function keyOf({
  conversationId,
  deviceId,
  messageId,
}: {
  readonly conversationId: ConversationId;
  readonly deviceId: DeviceId | null;
  readonly messageId: MessageId | null;
}): string {
  return `${conversationId} ${deviceId ?? ''} ${messageId ?? ''}`;
}
