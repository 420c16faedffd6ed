import { html, nothing, type TemplateResult } from 'lit';
import keyRound from 'lucide-static/icons/key-round.svg?icon';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { notice } from '../ui/notice.ts';
import './account.css';
import { Ceremony } from './ceremony.ts';
import type { Obstacle } from './session.ts';
import { waysList } from './ways-list.ts';

/** Signed in, but the keys of the account are not in this browser: the ways to bring them here, and what each one needs. */
export class NoKeysPage extends GovPage {
  static override properties = {
    because: { attribute: false },
    unlock: { attribute: false },
    signOut: { attribute: false },
    tried: { state: true },
  };
  declare because: Exclude<Obstacle, 'locked'>;
  /** Signs in once more, with a passkey that may open the account by itself. */
  declare unlock: () => Promise<unknown>;
  declare signOut: () => Promise<void>;
  /** A passkey was shown on this page, and the page is still here. */
  declare tried: boolean;
  readonly #ceremony = new Ceremony(this);

  constructor() {
    super();
    this.tried = false;
  }

  protected override render(): TemplateResult {
    return this.because === 'weak-passkey' ? this.#weak() : this.#ways();
  }

  #ways(): TemplateResult {
    const { running, waiting, error } = this.#ceremony;
    const cannot = (this.because === 'passkey-cannot' || this.tried) && !running && error === null;
    return html`<div class="sign-in">
      ${cannot ? notice({ kind: 'warning', body: html`<p>${t('ways.passkeyCannot')}</p>`, outcome: true }) : nothing}
      ${error === null ? nothing : notice({ kind: 'danger', body: html`<p>${error}</p>`, outcome: true })}
      <h1>${t('ways.noKeysTitle')}</h1>
      <p class="lead">${t('ways.noKeysText')}</p>
      <section class="card" aria-labelledby="way-passkey">
        <h2 id="way-passkey">${t('ways.passkeyTitle')}</h2>
        <p>${t('ways.passkeyText')}</p>
        <p class="button-row">
          <button class="button" aria-disabled=${running ? 'true' : nothing} @click=${this.#unlock}>
            ${keyRound}${t('ways.passkeyButton')}
          </button>
        </p>
        ${waiting === null ? nothing : html`<p class="muted">${waiting}</p>`}
      </section>
      ${waysList()}
      <section aria-labelledby="way-other">
        <h2 id="way-other">${t('ways.otherTitle')}</h2>
        <p>${t('ways.otherText')}</p>
        ${this.#signOutRow()}
      </section>
    </div>`;
  }

  #weak(): TemplateResult {
    return html`<div class="sign-in">
      <h1>${t('ways.weakTitle')}</h1>
      <p class="lead">${t('ways.weakText')}</p>
      ${this.#signOutRow()}
    </div>`;
  }

  #signOutRow(): TemplateResult {
    return html`<p class="button-row"><button class="button button-secondary" @click=${this.#leave}>${t('account.signOut')}</button></p>`;
  }

  readonly #unlock = async (): Promise<void> => {
    this.tried = false;
    await this.#ceremony.run(this.unlock);
    this.tried = true;
  };

  readonly #leave = (): void => void this.signOut();
}

customElements.define('gov-no-keys-page', NoKeysPage);
