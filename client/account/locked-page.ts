import { html, nothing, type TemplateResult } from 'lit';
import lockKeyhole from 'lucide-static/icons/lock-keyhole.svg?icon';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { notice } from '../ui/notice.ts';
import './account.css';
import { Ceremony } from './ceremony.ts';

/** In place of whatever was shown: the account's keys are here, and nobody can use them before the passkey is shown. */
export class LockedPage extends GovPage {
  static override properties = { unlock: { attribute: false } };
  declare unlock: () => Promise<unknown>;
  readonly #ceremony = new Ceremony(this);

  protected override render(): TemplateResult {
    const { running, waiting, error } = this.#ceremony;
    return html`<div class="sign-in">
      <h1>${t('account.lockedTitle')}</h1>
      <p class="lead">${t('account.lockedText')}</p>
      ${error === null ? nothing : notice({ kind: 'danger', body: html`<p>${error}</p>`, outcome: true })}
      <p>
        <button class="button sign-in-button" aria-disabled=${running ? 'true' : nothing} @click=${this.#unlock}>
          ${lockKeyhole}${t('account.lockedButton')}
        </button>
      </p>
      ${waiting === null ? nothing : html`<p class="muted">${waiting}</p>`}
    </div>`;
  }

  readonly #unlock = (): void => void this.#ceremony.run(this.unlock);
}

customElements.define('gov-locked-page', LockedPage);
