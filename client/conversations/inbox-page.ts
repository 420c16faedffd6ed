import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { repeat } from 'lit/directives/repeat.js';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { languageNames } from '../i18n/locale.ts';
import { serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { announcer } from '../ui/announcer.ts';
import { badge } from '../ui/badge.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { setTitlePrefix } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import '../ui/workspace.css';
import './conversation-panel.ts';
import './readers-panel.ts';
import type { ConversationRow } from './conversation-list.ts';
import './inbox.css';
import { citizenLabel, inboxRow } from './inbox-row.ts';
import { cycleRegions, moveInList } from './inbox-keys.ts';
import type { Messenger } from './messenger.ts';
import './transfer-button.ts';

/** Minutes since a message are words in every row. */
const tickMs = 30_000;

/** The official's working place: all conversations of the team on the left, the open one beside them. */
export class InboxPage extends GovPage {
  static override properties = {
    messenger: { attribute: false },
    offices: { attribute: false },
    conversationId: { attribute: false },
    bar: { attribute: false },
    beside: { attribute: false },
    stopId: { state: true },
  };
  declare messenger: Messenger;
  declare offices: Observable<KnownOffices>;
  /** The open one; null shows the list alone. */
  declare conversationId: ConversationId | null;
  /** Availability and "Take next". */
  declare bar: () => TemplateResult;
  /** What else is to be known of a conversation: whether its citizen waits in the line. */
  declare beside: (conversationId: ConversationId) => TemplateResult | typeof nothing;
  /** The row that Tab reaches: the last one that had the focus. */
  declare stopId: string | null;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** A row that moves up in the list is put elsewhere in the document, and loses the focus thereby. */
  #focusedId: string | null = null;
  /** Unread messages outside the open conversation, whose log speaks for itself. Null before the list is here. */
  #unread: number | null = null;
  #open: ConversationRow | null = null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.messenger.conversations.state, this.offices]));
    this.conversationId = null;
    this.stopId = null;
    this.beside = () => nothing;
    this.addEventListener('keydown', (event) => this.#onKey(event));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), tickMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const focused = document.activeElement;
    this.#focusedId = focused instanceof HTMLElement && this.contains(focused) ? (focused.dataset['conversation'] ?? null) : null;
    if (changed.has('conversationId') && this.conversationId !== null) this.stopId = this.conversationId;
    this.#tellUnread(changed.has('conversationId'));
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (this.#focusedId !== null && document.activeElement === document.body) this.#focusRow(this.#focusedId);
  }

  protected override render(): TemplateResult {
    const { loaded, rows } = this.messenger.conversations.state.value;
    const open = this.#openRow(rows);
    return html`<div class="workspace inbox" ?data-open=${this.conversationId !== null}>
      <header class="workspace-bar" data-region tabindex="-1">
        ${this.conversationId === null ? html`<h1>${t('shell.inbox')}</h1>` : html`<p class="inbox-name">${t('shell.inbox')}</p>`}
        ${this.bar()}
      </header>
      <section class="workspace-list" aria-label=${t('inbox.listLabel')} data-region tabindex="-1">
        ${rows.length > 0 ? this.#list(rows) : listNote(loaded)}
      </section>
      <section class="workspace-main" aria-label=${open === null ? t('inbox.chooseTitle') : citizenLabel(open)} data-region tabindex="-1">
        ${this.conversationId === null ? chooseNote(rows.length > 0) : open === null ? missing(loaded) : this.#conversation(open)}
      </section>
    </div>`;
  }

  /** What is open stays open, with what the team had of it, when a colleague hands it over to another office. */
  #openRow(rows: readonly ConversationRow[]): ConversationRow | null {
    const { conversationId } = this;
    const isOpen = ({ view }: ConversationRow): boolean => view.conversationId === conversationId;
    this.#open = rows.find(isOpen) ?? (this.#open !== null && isOpen(this.#open) ? this.#open : null);
    return this.#open;
  }

  #list(rows: readonly ConversationRow[]): TemplateResult {
    const offices = this.offices.value;
    const stopId = rows.some(({ view }) => view.conversationId === this.stopId) ? this.stopId : rows[0]?.view.conversationId;
    return html`<ul class="rows" @focusin=${this.#onFocus}>
      ${repeat(
        rows,
        ({ view }) => view.conversationId,
        (row) => {
          const { conversationId } = row.view;
          return inboxRow(row, { offices, isOpen: conversationId === this.conversationId, isStop: conversationId === stopId });
        },
      )}
    </ul>`;
  }

  #conversation(row: ConversationRow): TemplateResult {
    const { view, citizenLang } = row;
    const { messenger } = this;
    const isExpired = messenger.conversation(view.conversationId).state.value.problems.some(({ kind }) => kind === 'expired');
    return html`<header class="inbox-head">
        <p class="inbox-back"><a class="back-link" href=${href('/inbox')}>${arrowLeft}${t('inbox.back')}</a></p>
        <h1>${citizenLabel(row)}</h1>
        <p class="meta inbox-facts">
          <span>${serviceName(this.offices.value.offices, view.serviceId)}</span>
          <span class="figures">${t('conversations.reference', { reference: view.reference })}</span>
          ${citizenLang === null ? nothing : html`<span>${t('inbox.language')} <span lang=${citizenLang}>${languageNames[citizenLang]}</span></span>`}
          ${view.state === 'closed' ? badge('off', t('conversations.stateClosed')) : nothing}
        </p>
        ${isExpired ? nothing : html`<gov-readers-panel .form=${'button'} .viewer=${'office'} .conversation=${messenger.conversation(view.conversationId)}></gov-readers-panel>`}
        ${this.beside(view.conversationId)}
        ${isExpired ? nothing : html`<gov-transfer-button .conversation=${messenger.conversation(view.conversationId)} .offices=${this.offices}></gov-transfer-button>`}
      </header>
      ${keyed(
        view.conversationId,
        html`<gov-conversation-panel
          .conversation=${messenger.conversation(view.conversationId)}
          .drafts=${messenger.drafts}
          .viewer=${'office'}
          .opensAtEnd=${true}
        ></gov-conversation-panel>`,
      )}`;
  }

  /** A message that nobody saw is what an official fears most: the title counts them, and new ones are announced. */
  #tellUnread(isElsewhere: boolean): void {
    const { loaded, rows } = this.messenger.conversations.state.value;
    if (!loaded) return;
    const others = rows.filter(({ view }) => view.conversationId !== this.conversationId);
    const unread = others.reduce((sum, row) => sum + row.unread, 0);
    const more = unread - (this.#unread ?? unread);
    this.#unread = unread;
    setTitlePrefix(unread === 0 ? null : t('conversations.unread', { count: unread }));
    if (more <= 0 || isElsewhere) return;
    announcer().announce(newMessages(more), { merge: { kind: 'inbox', combine: newMessages } });
  }

  readonly #onFocus = (event: FocusEvent): void => {
    if (event.target instanceof HTMLElement) this.stopId = event.target.dataset['conversation'] ?? this.stopId;
  };

  #onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const isInMain = target?.closest('.workspace-main') !== null;
    if (event.key === 'F6') cycleRegions(this, event);
    else if (event.key === 'Escape' && isInMain && this.conversationId !== null && this.#focusRow(this.conversationId))
      event.preventDefault();
    else if (target?.dataset['conversation'] !== undefined)
      moveInList(event, [...this.querySelectorAll<HTMLElement>('[data-conversation]')]);
  }

  /** False when the row is not on the screen: on a phone, beside an open conversation. */
  #focusRow(conversationId: string): boolean {
    const row = this.querySelector<HTMLElement>(`[data-conversation="${CSS.escape(conversationId)}"]`);
    if (row?.checkVisibility() !== true) return false;
    row.focus();
    return true;
  }
}

function newMessages(count: number): string {
  return t('conversations.newMessages', { count });
}

function listNote(loaded: boolean): TemplateResult {
  if (!loaded) return html`<p class="loading inbox-note">${t('inbox.loading')}</p>`;
  return html`<div class="inbox-note"><h2>${t('inbox.emptyTitle')}</h2><p>${t('inbox.emptyText')}</p></div>`;
}

function chooseNote(hasRows: boolean): TemplateResult | typeof nothing {
  if (!hasRows) return nothing;
  return html`<div class="inbox-choose"><h2>${t('inbox.chooseTitle')}</h2><p class="muted">${t('inbox.chooseText')}</p></div>`;
}

/** Before the list is here, a conversation in it looks like none. */
function missing(loaded: boolean): TemplateResult {
  if (!loaded) return html`<h1>${t('shell.inbox')}</h1><p class="loading">${t('conversations.logLoading')}</p>`;
  return html`<h1>${t('conversations.notFoundTitle')}</h1>
    <p class="lead">${t('conversations.notFoundText')}</p>
    <p class="button-row"><a class="button" href=${href('/inbox')}>${t('inbox.back')}</a></p>`;
}

customElements.define('gov-inbox-page', InboxPage);
