import { html, nothing, type TemplateResult } from 'lit';
import { conversationRow } from '../conversations/conversations-page.ts';
import type { KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { isOpen } from '../queue/my-entries.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Citizen } from './citizen.ts';

const shownRows = 3;

/** "Continue your conversation": what a citizen has open, on the start page. */
export class OpenMatters extends GovElement {
  static override properties = { citizen: { attribute: false }, offices: { attribute: false } };
  declare citizen: Citizen;
  declare offices: Observable<KnownOffices>;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.citizen.messenger.conversations.state, this.citizen.entries.state, this.offices]));
  }

  protected override render(): TemplateResult | typeof nothing {
    const rows = this.citizen.messenger.conversations.state.value.rows.filter(({ view }) => view.state === 'open').slice(0, shownRows);
    const entries = this.citizen.entries.state.value.entries.filter(isOpen);
    if (rows.length === 0 && entries.length === 0) return nothing;
    return html`<section aria-labelledby="open-matters">
      <h2 id="open-matters">${t('offices.continueTitle')}</h2>
      ${entries.map(
        (entry) =>
          html`<p class="card"><strong>${t('offices.waitingTitle')}</strong><br /><a href=${href(`/queue/${entry.entryId}`)}>${t('offices.waitingLink', { ticket: entry.ticketNumber })}</a></p>`,
      )}
      ${
        rows.length === 0
          ? nothing
          : html`<ul class="rows open-matters">
              ${rows.map((row) => conversationRow(row, this.offices.value))}
            </ul>
            <p><a href=${href('/conversations')}>${t('offices.continueAll')}</a></p>`
      }
    </section>`;
  }
}

customElements.define('gov-open-matters', OpenMatters);
