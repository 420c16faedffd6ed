import type { ConversationView, Entry } from '../../server/protocol/conversations.ts';
import { type AccountId, type ConversationId, idOf, type InboxId, type MessageId, newId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import { decodeMessageBody, encodeMessageBody } from '../../server/protocol/message-body.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { Attachments } from '../attachments/attachments.ts';
import { type Observable, Subject } from '../net/observable.ts';
import type { Outbox, Transmit } from '../net/outbox.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { SyncLoop } from '../net/sync-loop.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import type { ConversationMarks } from '../storage/conversation-marks.ts';
import type { EntryCache } from '../storage/entry-cache.ts';
import type { OutboxItem } from '../storage/outbox-store.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { type ConversationState, describeConversation } from './conversation-state.ts';
import { ConversationSync } from './conversation-sync.ts';
import type { Reader } from './reader.ts';
import { type EpochParts, giveHistoryBack, isTransfer, transferCase } from './renew-epoch.ts';
import { sendMessage } from './send-message.ts';

export type { ConversationState } from './conversation-state.ts';

export interface ConversationOptions {
  readonly conversationId: ConversationId;
  readonly request: RequestFunction;
  readonly reader: Reader;
  readonly cache: EntryCache;
  readonly marks: ConversationMarks;
  readonly receiptKey: () => Promise<Uint8Array>;
  readonly raise: RaiseAlarm;
  readonly outbox: Outbox;
  readonly attachments: Attachments;
  /** Resolves when there is a line to the server. */
  readonly whenConnected: () => Promise<unknown>;
  /** How the author calls himself in his messages; null for officials, whom the directory names. */
  readonly authorName: () => Promise<string | null>;
  readonly now: () => number;
  /** It is just being opened by this page: `begin` follows. */
  readonly isNew?: boolean;
}

/** Who reads is asked for again after this. */
const freshMs = 60_000;

/**
 * One conversation, kept in step with the server: shows what this device has kept, pulls what is missing, takes hints as they come,
 * and brings the outbox's messages there. Hints may be lost, doubled or out of order; positions decide.
 */
export class Conversation {
  readonly conversationId: ConversationId;
  readonly #options: ConversationOptions;
  readonly #state: Subject<ConversationState>;
  readonly #acknowledged: Acknowledgements;
  readonly #ownProblems = new Set<'cannot-load' | 'cannot-send'>();
  readonly #stopOutbox: () => void;
  readonly #sync: ConversationSync;
  readonly #loop: SyncLoop;
  /** Somebody wants to know what there is, whatever hints say. */
  #isAsked = false;
  /** The furthest head a hint has told of. */
  #promised = 0;
  #closed = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.conversationId = options.conversationId;
    this.#acknowledged = new Acknowledgements(options.outbox);
    this.#sync = new ConversationSync({
      ...options,
      onTaken: async () => await this.#settle(),
      onChange: () => this.#publish(),
    });
    this.#state = new Subject(this.#describe());
    this.#stopOutbox = options.outbox.items.subscribe(() => this.#publish());
    this.#loop = new SyncLoop({
      run: async () => await this.#catchUpToHints(),
      whenConnected: options.whenConnected,
      onFailure: () => {
        this.#ownProblems.add('cannot-load');
        this.#publish();
      },
    });
    // What it cannot open now, for want of an answer about keys, is pulled.
    this.#sync.loadKept().catch(() => this.sync());
    if (options.isNew !== true) this.sync();
  }

  /** Whose conversation it is on this device. */
  get accountId(): AccountId {
    return this.#options.reader.accountId;
  }

  get state(): Observable<ConversationState> {
    return this.#state;
  }

  /** Resolves when the message is safe in the outbox; it is shown as pending then. Throws a RangeError for an empty or too long text. */
  async send(text: string, lang: Locale): Promise<MessageId> {
    if (text.trim() === '' || text.length > limits.textCharacters) throw new RangeError('the text is empty or too long');
    const messageId: MessageId = newId();
    const author = await this.#options.authorName();
    const content = { type: 'text' as const, text, lang, author };
    const payload = encodeMessageBody({ sentAt: this.#options.now(), content, gossip: null, seen: null });
    await this.#options.outbox.add({ messageId, conversationId: this.conversationId, payload });
    return messageId;
  }

  /** The account's files on their way, and the way to those that are there. */
  get attachments(): Attachments {
    return this.#options.attachments;
  }

  /** A message whose body is made already: of a file that has been uploaded, or what is kept of a call. Resolves when it is safe in the outbox; adding it twice sends it once. */
  async sendPrepared({ messageId, payload }: Pick<OutboxItem, 'messageId' | 'payload'>): Promise<void> {
    await this.#options.outbox.add({ messageId, conversationId: this.conversationId, payload });
  }

  /** Sends a failed message again. */
  async retry(messageId: MessageId): Promise<void> {
    await this.#options.outbox.retry(messageId);
  }

  /** Takes a failed message away. */
  async discard(messageId: MessageId): Promise<void> {
    await this.#options.outbox.remove(messageId);
  }

  /** Everything shown has been read. Does nothing without a line: the page calls it again. */
  async markRead(): Promise<void> {
    const { view, log } = this.#sync;
    const position = log?.position ?? 0;
    if (!view || position <= view.readPosition) return;
    this.onView({ ...view, readPosition: position });
    try {
      await this.#options.request('conversation:mark-read', { conversationId: this.conversationId, position });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#sync.patchView({ readPosition: 0 });
      this.sync();
    }
  }

  /** Asks for the newest chains of everybody who reads, so that what is shown of them is true now. Throws a RequestError. */
  async refreshReaders(): Promise<void> {
    const state = this.#sync.log?.epoch?.state;
    if (!state) return;
    const users = state.readers.filter(({ kind }) => kind !== 'inbox').map(({ id }) => id);
    const accountIds = [state.parties.citizenId, ...users].map(idOf<'account'>);
    await this.#options.reader.loadChains({ accountIds, inboxIds: [idOf(state.parties.inboxId)] }, { maxAgeMs: freshMs });
    this.#publish();
  }

  /** The person has looked at who can read: from now on only later ones are new. */
  async markReadersSeen(): Promise<void> {
    await this.#sync.markReadersSeen();
  }

  /** Officials: the case goes to another office, whose team reads it from now on; this one keeps what it had. Throws a CryptoError or a RequestError. */
  async transfer(inboxId: InboxId): Promise<void> {
    await transferCase(this.#epochParts(), inboxId);
  }

  /** Officials, after the citizen's account was reset: gives him back what was written, once somebody has made sure who he is. Errors as above. */
  async giveHistoryBack(): Promise<void> {
    await giveHistoryBack(this.#epochParts());
  }

  /** What is to be kept when the server contradicts itself: JSON, nothing of it readable. Throws a RequestError. */
  async exportEvidence(): Promise<string> {
    return await this.#sync.exportEvidence();
  }

  /** The outbox's way to the server. */
  readonly transmit: Transmit = async (item, keep) => {
    try {
      const acknowledged = await sendMessage(item, {
        ...this.#epochParts(),
        keep,
        knowsOwn: async () => await this.#sync.knowsOwn(),
        ownCounter: () => this.#sync.ownCounter,
        acceptReceipt: async (envelope, stored) => await this.#sync.acceptReceipt(envelope, stored),
      });
      if (acknowledged) this.#acknowledged.add({ ...acknowledged, messageId: item.messageId, body: decodeMessageBody(item.payload) });
      this.#requireShown();
      this.#ownProblems.delete('cannot-send');
    } catch (error) {
      if (error instanceof CryptoError) this.#ownProblems.add('cannot-send');
      throw error;
    } finally {
      this.#publish();
    }
  };

  /** Pulls as soon as there is a line, and again until the server has answered. */
  sync(): void {
    this.#isAsked = true;
    void this.#loop.ask();
  }

  /** This page has just opened it with this epoch: nothing has to be asked for. */
  async begin(view: ConversationView, epoch: Entry): Promise<void> {
    await this.#sync.begin(view, epoch);
    this.onView(view);
  }

  onAdvanced(head: number, entries: readonly Entry[]): void {
    // A hint is the same for all readers of a kind; whether there really is no box for this one, only a pull says. A case that is handed
    // over is the exception: nothing is sealed to the office that had it, and it cannot pull any more.
    const isWhole = entries.every((entry) => entry.kind !== 'epoch' || entry.box !== null || isTransfer(entry));
    void this.#sync.take(isWhole ? entries : []).then(
      () => this.#syncTo(head),
      () => this.sync(),
    );
  }

  onView(view: ConversationView): void {
    this.#sync.setView(view);
    this.#publish();
    this.#syncTo(view.head);
  }

  onRead(otherReadPosition: number): void {
    if (otherReadPosition > (this.#sync.view?.otherReadPosition ?? 0)) this.#sync.patchView({ otherReadPosition });
    this.#publish();
  }

  /** Keys or members have changed: what could not be opened is tried again. Keys are `gone` for good: what only they opened is closed. */
  onKeysChanged({ areGone = false } = {}): void {
    void (areGone ? this.#sync.forgetKeys() : this.#sync.tryAgain()).then(
      () => this.#publish(),
      () => this.sync(),
    );
  }

  /** Stops listening; what is being sent goes on. */
  close(): void {
    this.#closed = true;
    this.#loop.close();
    this.#stopOutbox();
  }

  #epochParts(): EpochParts {
    const { request, reader } = this.#options;
    const { conversationId } = this;
    return { conversationId, request, reader, catchUp: async () => await this.#catchUp(), log: () => this.#sync.log };
  }

  /** A hint may have been overtaken by what was pulled meanwhile. */
  async #catchUpToHints(): Promise<void> {
    if (!this.#isAsked && this.#promised <= (this.#sync.log?.position ?? 0)) return;
    this.#isAsked = false;
    await this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    await this.#sync.catchUp();
    this.#ownProblems.delete('cannot-load');
  }

  #syncTo(head: number): void {
    this.#promised = Math.max(this.#promised, head);
    if (head > (this.#sync.log?.position ?? 0)) void this.#loop.ask();
    else this.#publish();
  }

  async #settle(): Promise<void> {
    await this.#acknowledged.settle(this.#sync.log);
    this.#requireShown();
  }

  /** What the server has confirmed stands in the log, once that has come so far. */
  #requireShown(): void {
    if (this.#acknowledged.takeMissing(this.#sync.log)) this.#sync.contradict();
  }

  #describe(): ConversationState {
    const { view, log, isCaughtUp, readersSeen, problems } = this.#sync;
    const { reader, outbox } = this.#options;
    return describeConversation({
      reader,
      view,
      log,
      caughtUp: isCaughtUp,
      readersSeen,
      acknowledged: this.#acknowledged.messages,
      unsent: outbox.items.value.filter(({ conversationId }) => conversationId === this.conversationId),
      problems: [...Array.from(this.#ownProblems, (kind) => ({ kind })), ...problems],
    });
  }

  #publish(): void {
    if (!this.#closed) this.#state.set(this.#describe());
  }
}
