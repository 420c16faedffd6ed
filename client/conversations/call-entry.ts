import { html, type TemplateResult } from 'lit';
import handshake from 'lucide-static/icons/handshake.svg?icon';
import type { CallRecord } from '../crypto/call-record.ts';
import { t } from '../i18n/translate.ts';

/** What is kept of a call, inside its message: what was agreed stands out, the live text is folded away. */
export function callRecord(record: CallRecord): TemplateResult {
  if (record.kind === 'summary')
    return html`<p class="call-agreed">${handshake}<strong>${t('conversations.callAgreedTitle')}</strong></p>
      <p class="message-text">${record.text}</p>`;
  return html`<details class="call-transcript">
    <summary>${t('conversations.callTranscript')}</summary>
    <ol class="plain">
      ${record.lines.map(({ author, text }) => html`<li><strong>${author}</strong> <span class="message-text">${text}</span></li>`)}
    </ol>
  </details>`;
}
