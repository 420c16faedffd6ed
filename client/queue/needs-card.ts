import { html, nothing, type TemplateResult } from 'lit';
import type { Need, QueueEntryView } from '../../server/protocol/queue.ts';
import { errorText } from '../i18n/error-text.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { needsField, needsText } from '../ui/needs-field.ts';

/** What somebody who waits needs: seen at a glance, changed in place, kept with the ticket at once. */
export class NeedsCard extends GovElement {
  static override properties = { entry: { attribute: false }, onState: { attribute: false }, outcome: { state: true } };
  declare entry: QueueEntryView;
  /** Keeps what was stated; throws RequestErrors. */
  declare onState: (needs: readonly Need[]) => Promise<void>;
  declare outcome: string | null;

  constructor() {
    super();
    this.outcome = null;
  }

  protected override render(): TemplateResult {
    const { needs } = this.entry;
    return html`<details class="needs-card">
      <summary>${t('needs.line', { needs: needsText(needs) })}</summary>
      ${needsField({ stated: needs, remembered: false, onChange: (stated) => void this.#state(stated) })}
      ${this.outcome === null ? nothing : html`<p>${this.outcome}</p>`}
    </details>`;
  }

  async #state(needs: readonly Need[]): Promise<void> {
    try {
      await this.onState(needs);
      this.outcome = t('queue.needsSaved');
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.outcome = t('queue.needsFailed', { reason: errorText(error.code) });
      // The box shows what is kept, not what was pressed.
      this.requestUpdate();
    }
    announcer().announce(this.outcome);
  }
}

customElements.define('gov-needs-card', NeedsCard);
