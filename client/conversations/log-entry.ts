import { html, nothing, type TemplateResult } from 'lit';
import triangleAlert from 'lucide-static/icons/triangle-alert.svg?icon';
import '../attachments/file-card.ts';
import type { FileDescription } from '../crypto/file-payload.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { locale, t } from '../i18n/translate.ts';
import { authorName, type Viewer } from './author-name.ts';
import { callRecord } from './call-entry.ts';
import type { Conversation } from './conversation.ts';
import type { Delivery, Item, MessageItem } from './items.ts';
import { lineText } from './line-text.ts';

export interface EntryContext {
  readonly conversation: Pick<Conversation, 'conversationId' | 'attachments'>;
  readonly viewer: Viewer;
  readonly officeName: string;
  readonly onRetry: (message: MessageItem) => void;
  readonly onDiscard: (message: MessageItem) => void;
}

/** One item of the log. `previousAt` is the time of the item before: the first of a day starts with its date. */
export function logEntry(item: Item, previousAt: number | null, context: EntryContext): TemplateResult {
  const newDay = previousAt === null || fmt.dateKey(previousAt) !== fmt.dateKey(item.at);
  return html`${newDay ? html`<p class="day">${fmt.dayLabel(item.at, Date.now())}</p>` : nothing}
  ${item.kind === 'message' ? message(item, context) : line(item, context)}`;
}

/** What nobody wrote; what does not fit stands out. */
function line(item: Exclude<Item, MessageItem>, context: EntryContext): TemplateResult {
  const words = html`${lineText(item, context)} <span class="meta">${timeOf(item.at)}</span>`;
  const isWarning = item.kind === 'warning' || (item.kind === 'problem' && item.problem !== 'undecryptable' && item.problem !== 'expired');
  if (!isWarning) return html`<p class="system-line">${words}</p>`;
  return html`<p class="system-line log-warning">${triangleAlert}<span>${words}</span></p>`;
}

function message(item: MessageItem, context: EntryContext): TemplateResult {
  const { author, delivery } = item;
  const own = author.who === 'me';
  const classes = ['message', own ? 'message-own' : '', delivery?.state === 'failed' ? 'message-failed' : ''].filter((name) => name !== '');
  return html`<div class=${classes.join(' ')}>
    <h3 class="message-head"><span>${authorName(author, context)}</span><span class="meta">${timeOf(item.at)}</span></h3>
    ${content(item, context)}
    ${delivery === null ? nothing : html`<p class="message-state">${deliveryText(delivery)}</p>`}
    ${delivery?.state === 'failed' ? failedActions(item, delivery.error, context) : nothing}
  </div>`;
}

function content({ text, lang, file, call }: MessageItem, context: EntryContext): TemplateResult {
  if (call !== null) return callRecord(call);
  if (file !== null) return fileCard(file, context);
  return html`<p class="message-text" lang=${lang !== null && lang !== locale() ? lang : nothing}>${text}</p>`;
}

function fileCard(file: FileDescription, { conversation }: EntryContext): TemplateResult {
  const { conversationId, attachments } = conversation;
  return html`<gov-file-card .file=${file} .conversationId=${conversationId} .attachments=${attachments}></gov-file-card>`;
}

function deliveryText(delivery: Delivery): string {
  if (delivery.state === 'sent') return t('conversations.sent', { time: fmt.time(delivery.at) });
  return t(`conversations.${delivery.state}`);
}

function failedActions(item: MessageItem, error: Extract<Delivery, { state: 'failed' }>['error'], context: EntryContext): TemplateResult {
  return html`<p class="message-state">${errorText(error)}</p>
    <p class="button-row">
      <button class="button button-secondary" @click=${() => context.onRetry(item)}>${t('conversations.retry')}</button>
      <button class="button button-quiet" @click=${() => context.onDiscard(item)}>${t('conversations.discard')}</button>
    </p>`;
}

function timeOf(at: number): TemplateResult {
  return html`<time datetime=${fmt.iso(at)}>${fmt.time(at)}</time>`;
}
