import type { ConversationId, MessageId } from '../../server/protocol/ids.ts';
import type { OutboxItem, OutboxStore } from '../storage/outbox-store.ts';
import type { Lock } from './lock.ts';
import { Subject, type Observable } from './observable.ts';
import { RequestError } from './request-error.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Brings one message to the server. `keep` stores the sealed bytes before they leave, so that the next attempt sends the same ones. */
export type Transmit = (item: OutboxItem, keep: (item: OutboxItem) => Promise<void>) => Promise<void>;

export interface OutboxOptions {
  readonly store: OutboxStore;
  /** One sender a conversation at a time, in all tabs: two must not take the same counter. */
  readonly lock: Lock;
  readonly transmit: Transmit;
  /** Resolves when there is a line to send over. */
  readonly whenConnected: () => Promise<unknown>;
  readonly now?: () => number;
  /** Waits before another attempt; resolves early when that is pointless. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

type Attempt = { readonly outcome: 'empty' } | { readonly outcome: 'done' } | { readonly outcome: 'again'; readonly error: RequestError };

/**
 * Messages on their way: stored first, then sent, in order, until the server has acknowledged them or refused them for good.
 * A message keeps its id and its bytes over every attempt and every reload, so that it has its effect once.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #items = new Subject<readonly OutboxItem[]>([]);
  readonly #running = new Map<ConversationId, Promise<void>>();
  #lastCreatedAt = 0;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Everything not yet acknowledged, oldest first. */
  get items(): Observable<readonly OutboxItem[]> {
    return this.#items;
  }

  /** Reads what an earlier page left and goes on sending it. */
  async start(): Promise<void> {
    this.#items.set(await this.#options.store.list());
    for (const { conversationId } of this.#items.value) this.#run(conversationId);
  }

  /** Resolves once it is stored. */
  async add(message: Pick<OutboxItem, 'messageId' | 'conversationId' | 'payload'>): Promise<void> {
    // Two messages of one millisecond still have an order.
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt + 1, (this.#options.now ?? Date.now)());
    const item: OutboxItem = { ...message, createdAt: this.#lastCreatedAt, envelope: null, error: null };
    await this.#options.store.put(item);
    this.#items.set([...this.#items.value, item]);
    this.#run(item.conversationId);
  }

  /** Sends one that failed again. */
  async retry(messageId: MessageId): Promise<void> {
    const item = this.#items.value.find((candidate) => candidate.messageId === messageId);
    if (!item?.error) return;
    await this.#keep({ ...item, error: null });
    this.#run(item.conversationId);
  }

  /** Takes out one that failed, or one that was seen among the conversation's entries: its acknowledgement was lost. */
  async remove(messageId: MessageId): Promise<void> {
    const item = this.#items.value.find((candidate) => candidate.messageId === messageId);
    if (!item) return;
    await this.#options.store.remove(item);
    this.#items.set(this.#items.value.filter((candidate) => candidate.messageId !== messageId));
  }

  /** Nothing more is sent; what is stored stays for the next page. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when nothing of the conversation is being sent. */
  async idle(conversationId: ConversationId): Promise<void> {
    await this.#running.get(conversationId);
  }

  #run(conversationId: ConversationId): void {
    const earlier = this.#running.get(conversationId) ?? Promise.resolve();
    // After the running one, not instead of it: it may be past the look at the store that would have shown the new message.
    const run = earlier.then(() => this.#sendAll(conversationId));
    this.#running.set(conversationId, run);
    void run.finally(() => {
      if (this.#running.get(conversationId) === run) this.#running.delete(conversationId);
    });
  }

  async #sendAll(conversationId: ConversationId): Promise<void> {
    for (let failures = 0; !this.#closed;) {
      await this.#options.whenConnected();
      if (this.#closed) return;
      // The lock is let go between attempts: a tab that waits must not hold up the others.
      const attempt = await this.#options.lock(`outbox/${conversationId}`, () => this.#sendNext(conversationId));
      if (attempt.outcome === 'empty') return;
      if (attempt.outcome === 'done') {
        failures = 0;
        continue;
      }
      failures += 1;
      await (this.#options.pause ?? pause)(Math.max(attempt.error.retryAfterMs ?? 0, retryDelayMs(failures)));
    }
  }

  async #sendNext(conversationId: ConversationId): Promise<Attempt> {
    // From the store, not from memory: another tab may have sent it meanwhile.
    const before = this.#items.value;
    const stored = await this.#options.store.list(conversationId);
    this.#adopt(conversationId, before, stored);
    const item = stored.find(({ error }) => error === null);
    if (!item) return { outcome: 'empty' };
    let current = item;
    const keep = async (sealed: OutboxItem) => {
      current = sealed;
      await this.#keep(sealed);
    };
    try {
      await this.#options.transmit(item, keep);
    } catch (error) {
      // Without a session nothing is refused for good: it is sent after the next sign-in.
      if (error instanceof RequestError && (error.retryable || error.code === 'unauthenticated')) return { outcome: 'again', error };
      // Closed meanwhile, and its keys with it: it stays for whoever opens the account next.
      if (this.#closed) return { outcome: 'empty' };
      await keep({ ...current, envelope: null, error: error instanceof RequestError ? error.code : 'bad_state' });
      return { outcome: 'done' };
    }
    await this.remove(item.messageId);
    return { outcome: 'done' };
  }

  async #keep(item: OutboxItem): Promise<void> {
    await this.#options.store.put(item);
    this.#items.set(this.#items.value.map((other) => (other.messageId === item.messageId ? item : other)));
  }

  /** Takes over what other tabs did. What changed here while the store was read is newer than what was read. */
  #adopt(conversationId: ConversationId, before: readonly OutboxItem[], stored: readonly OutboxItem[]): void {
    const read = new Map(stored.map((item) => [item.messageId, item]));
    const kept = this.#items.value.flatMap((item) => {
      if (item.conversationId !== conversationId || !before.includes(item)) return [item];
      return read.get(item.messageId) ?? [];
    });
    const known = new Set([...before, ...kept].map(({ messageId }) => messageId));
    const added = stored.filter(({ messageId }) => !known.has(messageId));
    this.#items.set([...kept, ...added].sort((one, other) => one.createdAt - other.createdAt));
  }
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
