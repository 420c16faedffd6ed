import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { confirmDialog } from '../ui/dialog.ts';
import { GovElement } from '../ui/gov-element.ts';
import '../ui/log.css';
import { WatchAll } from '../ui/watch.ts';
import type { Viewer } from './author-name.ts';
import './conversations.css';
import type { Conversation, ConversationState } from './conversation.ts';
import { itemKey, type MessageItem } from './items.ts';
import { LogAnnouncements } from './log-announcements.ts';
import { logEntry } from './log-entry.ts';

const pageSize = 50;

/**
 * The log of one conversation: pages of entries, delivery in words, new ones announced once. It jumps to the end only for
 * somebody who is there already, and marks as read what has really been on the screen.
 */
export class MessageLog extends GovElement {
  static override properties = {
    conversation: { attribute: false },
    viewer: { attribute: false },
    officeName: { attribute: false },
    opensAtEnd: { attribute: false },
    shownCount: { state: true },
    atEnd: { state: true },
  };
  declare conversation: Conversation;
  declare viewer: Viewer;
  declare officeName: string;
  /** Whether the newest entry is brought into view when the page opens. */
  declare opensAtEnd: boolean;
  declare shownCount: number;
  declare atEnd: boolean;
  readonly #announcements = new LogAnnouncements();
  readonly #endWatcher = new IntersectionObserver(([entry]) => (this.atEnd = entry?.isIntersecting ?? false));
  #count = 0;
  #opened = false;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.conversation.state]));
    this.viewer = 'citizen';
    this.officeName = '';
    this.opensAtEnd = false;
    this.shownCount = pageSize;
    this.atEnd = true;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#markRead);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#endWatcher.disconnect();
    document.removeEventListener('visibilitychange', this.#markRead);
  }

  protected override willUpdate(): void {
    const { items, caughtUp } = this.conversation.state.value;
    for (const { text, merge } of this.#announcements.next(items, caughtUp, this)) announcer().announce(text, { merge });
    // A page grows with what is new, so that nothing on the screen goes away.
    if (this.#opened && items.length > this.#count) this.shownCount += items.length - this.#count;
  }

  protected override firstUpdated(): void {
    const end = this.querySelector('.log-end');
    if (end !== null) this.#endWatcher.observe(end);
  }

  protected override updated(changed: PropertyValues<this>): void {
    const { items, caughtUp } = this.conversation.state.value;
    const grew = items.length > this.#count;
    this.#count = items.length;
    if (caughtUp && !this.#opened) {
      this.#opened = true;
      // In the next frame: only then is everything below the log as high as it will be.
      if (this.opensAtEnd && items.length > 0) requestAnimationFrame(() => this.scrollToEnd());
    } else if (grew && (this.atEnd || isOwn(items.at(-1)))) {
      this.scrollToEnd();
    }
    if (grew || changed.has('atEnd')) this.#markRead();
  }

  protected override render(): TemplateResult {
    const { items, caughtUp, unread } = this.conversation.state.value;
    const from = Math.max(0, items.length - this.shownCount);
    const shown = items.slice(from);
    const context = {
      viewer: this.viewer,
      officeName: this.officeName,
      conversation: this.conversation,
      onRetry: this.#retry,
      onDiscard: this.#discard,
    };
    return html`<section aria-labelledby="log-title">
      <h2 class="visually-hidden" id="log-title">${t('conversations.logTitle')}</h2>
      ${from === 0 ? nothing : html`<p class="log-earlier"><button class="button button-secondary" @click=${this.#showEarlier}>${t('conversations.showEarlier')}</button></p>`}
      <div role="log" aria-live="off" aria-labelledby="log-title" aria-busy=${caughtUp ? 'false' : 'true'} tabindex="0" class="log">
        ${items.length > 0 ? nothing : html`<p class=${caughtUp ? 'muted' : 'loading'}>${t(caughtUp ? 'conversations.logEmpty' : 'conversations.logLoading')}</p>`}
        <ol>
          ${repeat(shown, itemKey, (item, index) => html`<li>${logEntry(item, items[from + index - 1]?.at ?? null, context)}</li>`)}
        </ol>
        <div class="log-end"></div>
      </div>
      ${
        unread === 0 || this.atEnd
          ? nothing
          : html`<p class="log-new"><button class="button button-secondary" @click=${() => this.scrollToEnd()}>${t('conversations.newBelow', { count: unread })}</button></p>`
      }
    </section>`;
  }

  /** Brings the newest entry into view; the focus stays where it is. */
  scrollToEnd(): void {
    this.querySelector('.log-end')?.scrollIntoView({ block: 'end' });
  }

  readonly #markRead = (): void => {
    const { unread } = this.conversation.state.value;
    if (!this.atEnd || unread === 0 || document.visibilityState !== 'visible') return;
    // Not marked this time is marked the next: the position is monotonic, and nothing depends on it.
    this.conversation.markRead().catch(() => undefined);
  };

  readonly #showEarlier = async (): Promise<void> => {
    const before = this.conversation.state.value.items.length - this.shownCount;
    const anchor = this.querySelector('.log li');
    const top = anchor?.getBoundingClientRect().top ?? 0;
    this.shownCount += pageSize;
    await this.updateComplete;
    const moved = (anchor?.getBoundingClientRect().top ?? 0) - top;
    scrollerOf(this).scrollBy(0, moved);
    announcer().announce(t('conversations.earlierShown', { count: Math.min(before, pageSize) }));
    if (this.querySelector('.log-earlier') === null) this.querySelector<HTMLElement>('.log')?.focus({ preventScroll: true });
  };

  readonly #retry = ({ messageId }: MessageItem): void => void this.conversation.retry(messageId);

  readonly #discard = async ({ messageId }: MessageItem): Promise<void> => {
    const agreed = await confirmDialog({
      heading: t('conversations.discardTitle'),
      text: t('conversations.discardText'),
      confirm: t('conversations.discard'),
      danger: true,
    });
    if (agreed) await this.conversation.discard(messageId);
  };
}

function isOwn(item: ConversationState['items'][number] | undefined): boolean {
  return item?.kind === 'message' && item.author.who === 'me';
}

/** The element that scrolls the log: one of its ancestors in a workspace, the page elsewhere. */
function scrollerOf(element: Element): Element {
  for (let parent = element.parentElement; parent !== null; parent = parent.parentElement) {
    const { overflowY } = getComputedStyle(parent);
    if ((overflowY === 'auto' || overflowY === 'scroll') && parent.scrollHeight > parent.clientHeight) return parent;
  }
  return document.documentElement;
}

customElements.define('gov-message-log', MessageLog);
