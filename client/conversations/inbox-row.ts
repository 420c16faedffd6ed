import { html, nothing, type TemplateResult } from 'lit';
import { fmt } from '../i18n/fmt.ts';
import { languageNames } from '../i18n/locale.ts';
import { serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';
import { authorName } from './author-name.ts';
import type { ConversationRow } from './conversation-list.ts';
import type { Item } from './items.ts';
import { lineText } from './line-text.ts';
import { messageWords } from './message-words.ts';

const office = { viewer: 'office', officeName: '' } as const;

/** As the citizen named himself, else by what people say on the phone. */
export function citizenLabel({ citizenName, view }: Pick<ConversationRow, 'citizenName' | 'view'>): string {
  return citizenName ?? t('inbox.unknownCitizen', { reference: view.reference });
}

/** One conversation in the official's list. Only one row is a tab stop; the arrow keys reach the others. */
export function inboxRow(
  row: ConversationRow,
  { offices, isOpen, isStop }: { readonly offices: KnownOffices; readonly isOpen: boolean; readonly isStop: boolean },
): TemplateResult {
  const { view, lastItem, unread, citizenLang } = row;
  return html`<li class=${unread === 0 ? 'row' : 'row unread'}>
    <h2 class="row-title">
      <a
        href=${href(`/inbox/${view.conversationId}`)}
        tabindex=${isStop ? '0' : '-1'}
        aria-current=${isOpen ? 'page' : nothing}
        data-conversation=${view.conversationId}
        >${citizenLabel(row)}</a
      >
      ${unread === 0 ? nothing : html`<span class="count">${t('conversations.unread', { count: unread })}</span>`}
    </h2>
    <p class="row-text row-topic">
      <span>${serviceName(offices.offices, view.serviceId)}</span>
      ${citizenLang === null ? nothing : html`<span><span class="visually-hidden">${t('inbox.language')} </span><span lang=${citizenLang}>${languageNames[citizenLang]}</span></span>`}
    </p>
    ${lastItem === null ? nothing : html`<p class="row-text row-line">${lastLine(lastItem)}</p>`}
    <p class="row-text meta">${waiting(row)}</p>
  </li>`;
}

function waiting({ waitsSince, view }: ConversationRow): string {
  const duration = fmt.duration(Math.max(0, Date.now() - (waitsSince ?? view.lastActivityAt)));
  return waitsSince === null ? t('inbox.lastMessage', { duration }) : t('inbox.waitsFor', { duration });
}

function lastLine(item: Item): string {
  if (item.kind !== 'message') return lineText(item, office);
  if (item.author.who === 'citizen') return messageWords(item);
  return t('conversations.announcement', { author: authorName(item.author, office), text: messageWords(item) });
}
