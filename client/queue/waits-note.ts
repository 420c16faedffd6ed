import { html, nothing, type TemplateResult } from 'lit';
import type { CallId, ConversationId } from '../../server/protocol/ids.ts';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';
import { navigate } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Desk } from './desk.ts';

/** Beside a conversation: that its citizen waits in the line, and the button that calls this very person. */
export class WaitsNote extends GovElement {
  static override properties = { desk: { attribute: false }, conversationId: { attribute: false }, callPath: { attribute: false } };
  declare desk: Desk;
  declare conversationId: ConversationId;
  declare callPath: (callId: CallId) => string;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.desk.state]));
  }

  protected override render(): TemplateResult | typeof nothing {
    const { entries, available, accepting, call } = this.desk.state.value;
    const entry = entries.find(({ conversationId }) => conversationId === this.conversationId);
    if (entry === undefined) return nothing;
    const accept = async (): Promise<void> => {
      if (!available || accepting !== null || call !== null) return;
      const callId = await this.desk.accept(entry.entryId);
      if (callId !== null) navigate(this.callPath(callId));
    };
    return html`<p class="waits-note">
      <span>${t('inbox.waitsInLine', { ticket: entry.ticketNumber })}</span>
      <button class="button button-secondary" aria-disabled=${available && call === null ? nothing : 'true'} @click=${accept}>
        ${t(accepting === entry.entryId ? 'inbox.accepting' : 'inbox.accept')}
      </button>
      ${available ? nothing : html`<span class="meta">${t('inbox.beAvailable')}</span>`}
    </p>`;
  }
}

customElements.define('gov-waits-note', WaitsNote);
