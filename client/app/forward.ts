import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { navigate } from '../ui/navigate.ts';

/** Goes on to another page; the present one leaves the history. */
export class Forward extends GovPage {
  static override properties = { to: { attribute: false } };
  /** Without the language. */
  declare to: string;

  protected override firstUpdated(): void {
    navigate(this.to, { replace: true });
  }

  protected override render(): TemplateResult {
    return html`<h1 class="visually-hidden">${t('account.signedIn')}</h1>`;
  }
}

customElements.define('gov-forward', Forward);
