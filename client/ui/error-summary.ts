import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovElement } from './gov-element.ts';
import { setTitlePrefix } from './page-title.ts';

/** One thing to correct: the id of its field, and the same words that stand at the field. */
export interface FieldError {
  readonly field: string;
  readonly text: string;
}

/** Lists what is to be corrected, each item linked to its field. New errors take the focus and mark the page's title. */
export class ErrorSummary extends GovElement {
  static override properties = { errors: { attribute: false } };
  declare errors: readonly FieldError[];

  constructor() {
    super();
    this.errors = [];
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('errors')) return;
    setTitlePrefix(this.errors.length > 0 ? t('ui.errorPrefix') : null);
    this.querySelector<HTMLElement>('.error-summary')?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.errors.length === 0) return nothing;
    return html`<section class="error-summary" tabindex="-1" aria-labelledby="error-summary-title">
      <h2 id="error-summary-title">${t('ui.errorSummaryTitle')}</h2>
      <ul>
        ${this.errors.map(({ field, text }) => html`<li><a href="#${field}" @click=${(event: Event) => this.#goTo(event, field)}>${text}</a></li>`)}
      </ul>
    </section>`;
  }

  #goTo(event: Event, field: string): void {
    const target = document.getElementById(field);
    if (target === null) return;
    event.preventDefault();
    target.scrollIntoView({ block: 'center' });
    target.focus({ preventScroll: true });
  }
}

customElements.define('gov-error-summary', ErrorSummary);
