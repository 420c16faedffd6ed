import type { ConversationView } from '../../server/protocol/conversations.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { SyncLoop } from '../net/sync-loop.ts';
import type { EntryCache } from '../storage/entry-cache.ts';
import type { Conversation } from './conversation.ts';
import type { Item, MessageItem } from './items.ts';

export interface ConversationRow {
  readonly view: ConversationView;
  /** Null while its entries are not on this device. */
  readonly lastItem: Item | null;
  /** Messages of the other side not yet read. */
  readonly unread: number;
  /** As the citizen named himself in his newest message. */
  readonly citizenName: string | null;
  /** The language of his newest message. */
  readonly citizenLang: Locale | null;
  /** When the citizen wrote what nobody of the office has answered yet. */
  readonly waitsSince: number | null;
}

export interface ConversationListState {
  readonly loaded: boolean;
  /** Newest activity first. */
  readonly rows: readonly ConversationRow[];
  readonly unread: number;
}

/** What the list shows of a conversation, and tells it. */
type Shown = Pick<Conversation, 'state' | 'onView'>;

export interface ConversationListOptions {
  readonly request: RequestFunction;
  readonly cache: EntryCache;
  readonly whenConnected: () => Promise<unknown>;
  /** One object a conversation, shared with whoever shows it. */
  readonly open: (conversationId: ConversationId) => Shown;
}

/** So many of the newest conversations are kept in step; older ones once somebody opens them. */
const liveRows = 50;

/** The account's conversations with their last lines, live. */
export class ConversationList {
  readonly #options: ConversationListOptions;
  readonly #state = new Subject<ConversationListState>({ loaded: false, rows: [], unread: 0 });
  readonly #views = new Map<ConversationId, ConversationView>();
  readonly #live = new Map<ConversationId, { readonly conversation: Shown; readonly stop: () => void }>();
  /** What hints have told since the list was last asked for: its answer may be older. */
  readonly #told = new Map<ConversationId, ConversationView>();
  readonly #loop: SyncLoop;
  #loaded = false;
  #closed = false;

  constructor(options: ConversationListOptions) {
    this.#options = options;
    this.#loop = new SyncLoop({
      run: async () => await this.#list(),
      whenConnected: options.whenConnected,
      onFailure: (error) => {
        // A session without conversations (a supervisor's), or none any more: there is nothing to list.
        if (!(error instanceof RequestError)) throw error;
        this.#loaded = error.code === 'forbidden';
        this.#showAnswer();
      },
    });
  }

  get state(): Observable<ConversationListState> {
    return this.#state;
  }

  /** Shows what this device has kept. */
  async start(): Promise<void> {
    for (const view of await this.#options.cache.listViews()) this.#views.set(view.conversationId, view);
    this.#publish();
  }

  /** Asks for the list as it is from now on, until the server has answered; conversations that have gone on are pulled. */
  async refresh(): Promise<void> {
    await this.#loop.ask();
  }

  onView(view: ConversationView): void {
    this.#told.set(view.conversationId, view);
    this.#views.set(view.conversationId, view);
    this.#publish();
  }

  close(): void {
    this.#closed = true;
    this.#loop.close();
    for (const { stop } of this.#live.values()) stop();
  }

  async #list(): Promise<void> {
    this.#told.clear();
    const { conversations } = await this.#options.request('conversation:list', {});
    this.#views.clear();
    for (const view of [...this.#told.values(), ...conversations]) this.#views.set(view.conversationId, view);
    this.#loaded = true;
    this.#showAnswer();
  }

  #showAnswer(): void {
    this.#publish();
    for (const { conversationId } of this.#newest()) {
      const view = this.#views.get(conversationId);
      if (view) this.#options.open(conversationId).onView(view);
    }
  }

  #newest(): ConversationView[] {
    return Array.from(this.#views.values(), (view) => this.#live.get(view.conversationId)?.conversation.state.value.view ?? view)
      .sort((one, other) => other.lastActivityAt - one.lastActivityAt)
      .slice(0, liveRows);
  }

  #publish(): void {
    if (this.#closed) return;
    for (const { conversationId } of this.#newest()) this.#follow(conversationId);
    const rows = Array.from(this.#views.values())
      .filter(({ conversationId }) => !this.#isElsewhere(conversationId))
      .map((view) => this.#row(view))
      .sort((one, other) => other.view.lastActivityAt - one.view.lastActivityAt);
    this.#state.set({ loaded: this.#loaded, rows, unread: rows.reduce((sum, row) => sum + row.unread, 0) });
  }

  /** Handed over to another office: nothing is to be done about it here any more. */
  #isElsewhere(conversationId: ConversationId): boolean {
    return this.#live.get(conversationId)?.conversation.state.value.problems.some(({ kind }) => kind === 'transferred') ?? false;
  }

  #follow(conversationId: ConversationId): void {
    if (this.#live.has(conversationId)) return;
    const conversation = this.#options.open(conversationId);
    this.#live.set(conversationId, { conversation, stop: conversation.state.subscribe(() => this.#publish()) });
  }

  #row(view: ConversationView): ConversationRow {
    const state = this.#live.get(view.conversationId)?.conversation.state.value;
    // Entries that are not here yet count as unread, so that nothing new is overlooked.
    if (!state?.view)
      return {
        view,
        lastItem: null,
        unread: Math.max(0, view.head - view.readPosition),
        citizenName: null,
        citizenLang: null,
        waitsSince: null,
      };
    const messages = state.items.filter((item) => item.kind === 'message');
    const byCitizen = messages.filter(({ author }) => author.accountId === view.citizenId);
    return {
      view: state.view.head >= view.head ? state.view : view,
      lastItem: state.items.at(-1) ?? null,
      unread: state.unread,
      citizenName: byCitizen.findLast(({ author }) => author.name !== null)?.author.name ?? null,
      citizenLang: byCitizen.findLast(({ lang }) => lang !== null)?.lang ?? null,
      waitsSince: firstUnanswered(messages, view)?.at ?? null,
    };
  }
}

function firstUnanswered(messages: readonly MessageItem[], { citizenId }: ConversationView): MessageItem | undefined {
  const answered = messages.findLastIndex(({ author }) => author.accountId !== citizenId);
  return messages[answered + 1];
}
