import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';

/** What was kept and what was deleted, after somebody went. */
export class SignedOutPage extends GovPage {
  static override properties = { deleted: { attribute: false } };
  /** Whether everything on this device was deleted too. */
  declare deleted: boolean;

  protected override render(): TemplateResult {
    return html`<div class="prose">
      <h1>${this.deleted ? t('account.deleted') : t('account.reasonSignedOut')}</h1>
      ${this.deleted ? nothing : html`<p class="lead">${t('account.signOutText')}</p>`}
      <p class="button-row">
        <a class="button" href=${href('/')}>${t('account.toStart')}</a>
        <a class="button button-secondary" href=${href('/sign-in')}>${t('account.signInTitle')}</a>
      </p>
    </div>`;
  }
}

customElements.define('gov-signed-out-page', SignedOutPage);
