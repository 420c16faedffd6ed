import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';

/** Signed in, but the keys of the account are in another browser: says so, and what can be done. */
export class NoKeysPage extends GovPage {
  static override properties = { signOut: { attribute: false } };
  declare signOut: () => Promise<void>;

  protected override render(): TemplateResult {
    return html`<div class="prose">
      <h1>${t('account.noKeysTitle')}</h1>
      <p class="lead">${t('account.noKeysText')}</p>
      <p>${t('account.noKeysNew')}</p>
      <p class="button-row">
        <a class="button" href=${href('/')}>${t('account.toStart')}</a>
        <button class="button button-secondary" @click=${this.#startAnew}>${t('account.startAnew')}</button>
      </p>
    </div>`;
  }

  readonly #startAnew = (): void => void this.signOut();
}

customElements.define('gov-no-keys-page', NoKeysPage);
