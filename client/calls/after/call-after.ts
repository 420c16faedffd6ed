import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../../i18n/translate.ts';
import { GovPage } from '../../ui/gov-page.ts';
import { href } from '../../ui/navigate.ts';
import { notice } from '../../ui/notice.ts';
import { WatchAll } from '../../ui/watch.ts';
import './call-after.css';

/** What there is to see after a call. */
export interface CallResult {
  /** What the official has written down; null: nothing yet. */
  readonly agreed: string | null;
  /** Names of files that were sent during the call, by either side. */
  readonly files: readonly string[];
}

/** After a call, for the citizen: what was agreed, the files, and one question that may stay unanswered. */
export class CallAfter extends GovPage {
  static override properties = {
    endedText: { attribute: false },
    result: { attribute: false },
    conversationPath: { attribute: false },
    rate: { attribute: false },
    rating: { state: true },
    rated: { state: true },
  };
  declare endedText: string;
  /** Live: what was agreed is written after the call. */
  declare result: { readonly value: CallResult; subscribe(listener: (value: CallResult) => void): () => void };
  declare conversationPath: string;
  /** 1 (bad) … 5 (good). False when it could not be taken. */
  declare rate: (rating: number) => Promise<boolean>;
  declare rating: number | null;
  declare rated: 'no' | 'sending' | 'yes' | 'failed';

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.result]));
    this.rating = null;
    this.rated = 'no';
  }

  protected override render(): TemplateResult {
    const { agreed, files } = this.result.value;
    return html`<div class="frame call-words-page">
      <h1>${t('calls.endedTitle')}</h1>
      <p>${this.endedText}</p>
      <section class="card" aria-labelledby="agreed-title">
        <h2 id="agreed-title">${t('console.agreed')}</h2>
        ${agreed === null ? html`<p class="muted">${t('console.agreedLater')}</p>` : html`<p class="message-text">${agreed}</p>`}
        ${files.length === 0 ? nothing : html`<h3>${t('console.files')}</h3><ul>${files.map((name) => html`<li>${name}</li>`)}</ul>`}
      </section>
      <p class="button-row"><a class="button" href=${href(this.conversationPath)}>${t('calls.toConversation')}</a></p>
      ${this.rated === 'yes' ? notice({ kind: 'success', body: html`<p>${t('console.rateThanks')}</p>`, outcome: true }) : this.#question()}
    </div>`;
  }

  #question(): TemplateResult {
    return html`<form class="call-rating" novalidate @submit=${this.#submit}>
      ${this.rated === 'failed' ? notice({ kind: 'warning', body: html`<p>${t('console.rateFailed')}</p>`, outcome: true }) : nothing}
      <fieldset class="choices">
        <legend>${t('console.rateTitle')} <span class="muted">(${t('ui.optional')})</span></legend>
        <p class="hint">${t('console.rateHint')}</p>
        ${[5, 4, 3, 2, 1].map(
          (rating) =>
            html`<label class="choice"><input type="radio" name="rating" .checked=${rating === this.rating} @change=${() => (this.rating = rating)} /><span>${ratingText(rating)}</span></label>`,
        )}
      </fieldset>
      <button class="button button-secondary" ?disabled=${this.rating === null || this.rated === 'sending'}>${t('console.rateSend')}</button>
    </form>`;
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.rating === null) return;
    this.rated = 'sending';
    this.rated = (await this.rate(this.rating)) ? 'yes' : 'failed';
  };
}

function ratingText(rating: number): string {
  if (rating >= 5) return t('console.rate5');
  if (rating === 4) return t('console.rate4');
  if (rating === 3) return t('console.rate3');
  return rating === 2 ? t('console.rate2') : t('console.rate1');
}

customElements.define('gov-call-after', CallAfter);
