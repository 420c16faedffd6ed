import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import chevronRight from 'lucide-static/icons/chevron-right.svg?icon';
import { fmt } from '../i18n/fmt.ts';
import { officeName, serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { badge } from '../ui/badge.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import { authorName } from './author-name.ts';
import type { ConversationList, ConversationRow } from './conversation-list.ts';
import './conversations.css';
import type { Item } from './items.ts';
import { lineText } from './line-text.ts';
import { messageWords } from './message-words.ts';

/** "Messages": the citizen's conversations, the liveliest first. */
export class ConversationsPage extends GovPage {
  static override properties = { list: { attribute: false }, offices: { attribute: false } };
  declare list: ConversationList;
  declare offices: Observable<KnownOffices>;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.list.state, this.offices]));
  }

  protected override render(): TemplateResult {
    const { loaded, rows } = this.list.state.value;
    return html`<h1>${t('conversations.listTitle')}</h1>
      ${
        rows.length > 0
          ? html`<ul class="rows">
            ${repeat(
              rows,
              (row) => row.view.conversationId,
              (row) => conversationRow(row, this.offices.value),
            )}
          </ul>`
          : loaded
            ? empty()
            : html`<p class="loading">${t('conversations.loading')}</p>`
      }`;
  }
}

/** A conversation as one line that leads to it; also on the start page. */
export function conversationRow({ view, lastItem, unread }: ConversationRow, { offices }: KnownOffices): TemplateResult {
  const office = officeName(offices, view.officeId);
  return html`<li class="row">
    <h2 class="row-title">
      <a href=${href(`/conversations/${view.conversationId}`)}>${serviceName(offices, view.serviceId) || view.reference}</a>
      ${unread === 0 ? nothing : html`<span class="count">${t('conversations.unread', { count: unread })}</span>`}
    </h2>
    ${lastItem === null ? nothing : html`<p class="row-text last-line">${lastLine(lastItem, office)}</p>`}
    <p class="row-state">
      <span class="muted">${office}</span>
      <time class="muted" datetime=${fmt.iso(view.lastActivityAt)}>${fmt.dateTime(view.lastActivityAt)}</time>
      ${view.state === 'closed' ? badge('off', t('conversations.stateClosed')) : nothing}
    </p>
    ${chevronRight}
  </li>`;
}

function lastLine(item: Item, office: string): string {
  const who = { viewer: 'citizen', officeName: office } as const;
  if (item.kind !== 'message') return lineText(item, who);
  return t('conversations.announcement', { author: authorName(item.author, who), text: messageWords(item) });
}

function empty(): TemplateResult {
  return html`<p class="lead">${t('conversations.listEmpty')}</p>
    <p class="button-row"><a class="button" href=${href('/')}>${t('conversations.chooseService')}</a></p>`;
}

customElements.define('gov-conversations-page', ConversationsPage);
