import type { ConversationView, Entry } from '../../server/protocol/conversations.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { type ConversationId, type MessageId, newId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import { decodeMessageBody, encodeMessageBody } from '../../server/protocol/message-body.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { Attachments } from '../attachments/attachments.ts';
import { type Observable, Subject } from '../net/observable.ts';
import type { Outbox, Transmit } from '../net/outbox.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { OutboxItem } from '../storage/outbox-store.ts';
import type { EntryCache } from '../storage/entry-cache.ts';
import { ConversationLog } from './conversation-log.ts';
import { type Acknowledged, type ConversationState, describeConversation } from './conversation-state.ts';
import type { ConversationProblem } from './items.ts';
import type { Reader } from './reader.ts';
import { sendMessage } from './send-message.ts';
import { SyncLoop } from './sync-loop.ts';

export type { ConversationState } from './conversation-state.ts';

export interface ConversationOptions {
  readonly conversationId: ConversationId;
  readonly request: RequestFunction;
  readonly reader: Reader;
  readonly cache: EntryCache;
  readonly outbox: Outbox;
  readonly attachments: Attachments;
  /** Resolves when there is a line to the server. */
  readonly whenConnected: () => Promise<unknown>;
  /** How the author calls himself in his messages; null for officials, whom the directory names. */
  readonly authorName: () => Promise<string | null>;
  readonly now: () => number;
}

/**
 * One conversation, kept in step with the server: shows what this device has kept, pulls what is missing, takes hints as they come,
 * and brings the outbox's messages there. Hints may be lost, doubled or out of order; positions decide.
 */
export class Conversation {
  readonly conversationId: ConversationId;
  readonly #options: ConversationOptions;
  readonly #state: Subject<ConversationState>;
  readonly #acknowledged = new Map<MessageId, Acknowledged>();
  readonly #ownProblems = new Set<ConversationProblem['kind']>();
  readonly #stopOutbox: () => void;
  readonly #loop: SyncLoop;
  #view: ConversationView | null = null;
  #log: ConversationLog | null = null;
  #caughtUp = false;
  #closed = false;
  /** Everything that touches the log, one after the other. */
  #queue: Promise<unknown>;
  /** A pull that is waiting for its turn: whoever needs one that starts from now on can share it. */
  #nextPull: Promise<void> | null = null;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.conversationId = options.conversationId;
    this.#state = new Subject(this.#describe());
    this.#stopOutbox = options.outbox.items.subscribe(() => this.#publish());
    this.#loop = new SyncLoop({
      run: async () => await this.#catchUp(),
      whenConnected: options.whenConnected,
      onFailure: () => {
        this.#ownProblems.add('cannot-load');
        this.#publish();
      },
    });
    this.#queue = this.#loadKept();
    this.sync();
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

  /** The message of a file that has been uploaded. Resolves when it is safe in the outbox; adding it twice sends it once. */
  async sendFile({ messageId, payload }: Pick<OutboxItem, 'messageId' | 'payload'>): Promise<void> {
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
    const position = this.#log?.position ?? 0;
    if (!this.#view || position <= this.#view.readPosition) return;
    this.onView({ ...this.#view, readPosition: position });
    try {
      await this.#options.request('conversation:mark-read', { conversationId: this.conversationId, position });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#view = { ...this.#view, readPosition: 0 };
      this.sync();
    }
  }

  /** The outbox's way to the server. */
  readonly transmit: Transmit = async (item, keep) => {
    try {
      const acknowledged = await sendMessage(item, {
        ...this.#options,
        keep,
        catchUp: async () => await this.#catchUp(),
        log: () => this.#log,
      });
      if (acknowledged)
        this.#acknowledged.set(item.messageId, { ...acknowledged, messageId: item.messageId, body: decodeMessageBody(item.payload) });
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
    this.#loop.ask();
  }

  onAdvanced(head: number, entries: readonly Entry[]): void {
    // A hint is the same for all readers of a kind; whether there really is no box for this one, only a pull says.
    const isWhole = entries.every((entry) => entry.kind !== 'epoch' || entry.box !== null);
    void this.#enqueue(async () => {
      if (isWhole && this.#log) await this.#take(entries);
    }).then(
      () => this.#syncTo(head),
      () => this.sync(),
    );
  }

  onView(view: ConversationView): void {
    this.#setView(view);
    this.#publish();
    this.#syncTo(view.head);
  }

  onRead(otherReadPosition: number): void {
    if (this.#view && otherReadPosition > this.#view.otherReadPosition) this.#view = { ...this.#view, otherReadPosition };
    this.#publish();
  }

  /** Keys or members have changed: what could not be opened is tried again. */
  onKeysChanged(): void {
    void this.#enqueue(async () => {
      if (this.#log?.isMissingKeys) this.#log = await this.#log.replayed();
    }).then(
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

  #syncTo(head: number): void {
    if (head > (this.#log?.position ?? 0)) this.sync();
    else this.#publish();
  }

  async #enqueue<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  /** Resolves when everything the server had when this was called has been taken. Throws a RequestError. */
  async #catchUp(): Promise<void> {
    this.#nextPull ??= this.#enqueue(async () => {
      this.#nextPull = null;
      await this.#pull();
    });
    await this.#nextPull;
  }

  async #pull(): Promise<void> {
    for (let promised = 0; ;) {
      const after = this.#log?.position ?? 0;
      const { conversation, entries } = await this.#options.request('conversation:pull', { conversationId: this.conversationId, after });
      this.#ownProblems.delete('cannot-load');
      this.#setView(conversation);
      this.#log ??= this.#newLog(conversation);
      // The server has less than it once acknowledged.
      if (conversation.head < after) this.#ownProblems.add('fork');
      await this.#take(entries);
      if (this.#log.position >= conversation.head) break;
      // The head may have moved while the page was read: an entry is missing only when it was promised before it was asked for.
      if (this.#log.position === after && promised > after) {
        this.#ownProblems.add('gap');
        break;
      }
      promised = conversation.head;
    }
    this.#caughtUp = true;
    this.#publish();
  }

  /** Takes those that follow, in order; others are known already or will be pulled. */
  async #take(entries: readonly Entry[]): Promise<void> {
    const log = this.#log;
    if (!log) return;
    const taken: Entry[] = [];
    for (const entry of entries.toSorted((one, other) => one.position - other.position)) {
      if (entry.position !== log.position + 1) continue;
      await log.append(entry);
      taken.push(entry);
    }
    const last = taken.at(-1);
    if (!last || !this.#view) return;
    const { head, lastActivityAt } = this.#view;
    this.#view = { ...this.#view, head: Math.max(head, last.position), lastActivityAt: Math.max(lastActivityAt, last.acceptedAt) };
    await this.#options.cache.add(this.conversationId, taken);
    await this.#options.cache.saveView(this.#view);
    await this.#settle();
    this.#publish();
  }

  /** A message that stands in the log needs neither its acknowledgement nor its place in the outbox. */
  async #settle(): Promise<void> {
    const unsettled = new Set([...this.#acknowledged.keys(), ...this.#options.outbox.items.value.map(({ messageId }) => messageId)]);
    if (unsettled.size === 0) return;
    for (const entry of this.#log?.opened ?? []) {
      if (entry.kind !== 'message' || !unsettled.has(entry.messageId)) continue;
      this.#acknowledged.delete(entry.messageId);
      await this.#options.outbox.remove(entry.messageId);
    }
  }

  async #loadKept(): Promise<void> {
    const { cache } = this.#options;
    const view = await cache.loadView(this.conversationId);
    if (!view) return;
    this.#setView(view);
    this.#log ??= this.#newLog(view);
    const kept = await cache.list(this.conversationId);
    for (const entry of kept) {
      if (entry.position !== this.#log.position + 1) break;
      await this.#log.append(entry);
    }
    this.#publish();
  }

  #newLog(view: ConversationView): ConversationLog {
    const parties = { citizenId: fromBase64Url(view.citizenId), inboxId: fromBase64Url(view.inboxId) };
    return new ConversationLog({ conversationId: this.conversationId, parties, reader: this.#options.reader });
  }

  #setView(view: ConversationView): void {
    const known = this.#view;
    this.#view = {
      ...view,
      readPosition: Math.max(view.readPosition, known?.readPosition ?? 0),
      otherReadPosition: Math.max(view.otherReadPosition, known?.otherReadPosition ?? 0),
    };
  }

  #describe(): ConversationState {
    return describeConversation({
      reader: this.#options.reader,
      view: this.#view,
      caughtUp: this.#caughtUp,
      opened: this.#log?.opened ?? [],
      acknowledged: Array.from(this.#acknowledged.values()),
      unsent: this.#options.outbox.items.value.filter(({ conversationId }) => conversationId === this.conversationId),
      problems: [...Array.from(this.#ownProblems, (kind) => ({ kind })), ...(this.#log?.problems ?? [])],
    });
  }

  #publish(): void {
    if (!this.#closed) this.#state.set(this.#describe());
  }
}
