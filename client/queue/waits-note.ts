import { html, nothing, type TemplateResult } from 'lit';
import type { CallId, ConversationId } from '../../server/protocol/ids.ts';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';
import { navigate } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import { type Desk, mayCall } from './desk.ts';
import { needsList } from './entry-facts.ts';

/** Beside a conversation: that its citizen waits in the line, what he needs, and the button that calls this very person. */
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
    const state = this.desk.state.value;
    const entry = state.entries.find(({ conversationId }) => conversationId === this.conversationId);
    if (entry === undefined) return nothing;
    const { ticketNumber: ticket, needs } = entry;
    if (entry.state !== 'waiting') {
      return html`<p class="waits-note"><span>${t(entry.state === 'parked' ? 'inbox.isParked' : 'inbox.isCalled', { ticket })}</span></p>`;
    }
    const accept = async (): Promise<void> => {
      if (!entry.servable || !mayCall(state)) return;
      const callId = await this.desk.accept(entry.entryId);
      if (callId !== null) navigate(this.callPath(callId));
    };
    return html`<div class="waits-note">
      <span>${t('inbox.waitsInLine', { ticket })}</span>
      ${needsList(needs)}
      <button class="button button-secondary" aria-disabled=${entry.servable && mayCall(state) ? nothing : 'true'} @click=${accept}>
        ${t(state.accepting === entry.entryId ? 'inbox.accepting' : 'inbox.accept')}
      </button>
      ${state.availability.state === 'available' ? nothing : html`<span class="meta">${t('inbox.beAvailable')}</span>`}
      ${entry.servable ? nothing : html`<span class="meta">${t('inbox.notYours')}</span>`}
    </div>`;
  }
}

customElements.define('gov-waits-note', WaitsNote);
