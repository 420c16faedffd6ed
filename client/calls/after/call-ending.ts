import { html, nothing, type TemplateResult } from 'lit';
import type { CallRole, CallView } from '../../../server/protocol/calls.ts';
import { fmt } from '../../i18n/fmt.ts';
import { t } from '../../i18n/translate.ts';
import { href } from '../../ui/navigate.ts';

/** A page of words in place of a call: a heading, a sentence, and where to go. */
export function callWords(title: string, text: string, ways: readonly TemplateResult[]): TemplateResult {
  return html`<div class="frame call-words-page">
    <h1>${title}</h1>
    <p class="lead">${text}</p>
    ${ways.length === 0 ? nothing : html`<p class="button-row">${ways}</p>`}
  </div>`;
}

/** Somewhere to go: the first of a page's is the main one. */
export function wayTo(path: string, text: string, isMain = true): TemplateResult {
  return html`<a class=${isMain ? 'button' : 'button button-secondary'} href=${href(path)}>${text}</a>`;
}

/** Whether people had spoken: a call that nobody answered, or that came apart, has nothing to be agreed or rated. */
export function wasAnswered({ answeredAt, reason }: CallView): boolean {
  return answeredAt !== null && reason !== 'missed' && reason !== 'official-lost';
}

/** How the call ended, for this side. */
export function endedText({ answeredAt, startedAt, endedAt, reason }: CallView, role: CallRole): string {
  const duration = fmt.duration((endedAt ?? Date.now()) - (answeredAt ?? startedAt));
  const isOffice = role === 'official' || role === 'colleague';
  switch (reason) {
    case 'missed':
      return t(isOffice ? 'calls.endedMissedOffice' : 'calls.endedMissed');
    case 'official-lost':
      return t(isOffice ? 'calls.endedOfficialLostOffice' : 'calls.endedOfficialLost');
    case 'moderator':
      return t('calls.endedModerator', { duration });
    case 'network':
    case 'node-lost':
      return t('calls.endedNetwork', { duration });
    case 'hung-up':
    case null:
      return t('calls.endedHungUp', { duration });
    default:
      return reason satisfies never;
  }
}
