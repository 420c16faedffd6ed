import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import './account.css';
import { waysList } from './ways-list.ts';

/** For whoever cannot show a passkey: what else opens the account. */
export class CannotSignInPage extends GovPage {
  protected override render(): TemplateResult {
    return html`<div class="sign-in">
      <h1>${t('ways.title')}</h1>
      <p class="lead">${t('ways.lead')}</p>
      ${waysList()}
      <p class="hint">${t('account.helpText')}</p>
    </div>`;
  }
}

customElements.define('gov-cannot-sign-in-page', CannotSignInPage);
