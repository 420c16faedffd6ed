import { html, nothing, type TemplateResult } from 'lit';
import keyRound from 'lucide-static/icons/key-round.svg?icon';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import './account.css';
import { Ceremony } from './ceremony.ts';

/** The two ways in: a passkey somebody has, or a new one. Stands in place of a page until somebody is signed in. */
export class SignInPanel extends GovPage {
  static override properties = {
    heading: { attribute: false },
    intro: { attribute: false },
    signIn: { attribute: false },
    register: { attribute: false },
  };
  /** The page's h1. */
  declare heading: string;
  /** What signing in is for here, or why somebody was signed out. */
  declare intro: string;
  declare signIn: () => Promise<unknown>;
  declare register: (onceMore: () => void) => Promise<unknown>;
  readonly #ceremony = new Ceremony(this);

  protected override render(): TemplateResult {
    const { running, waiting, error } = this.#ceremony;
    return html`<div class="sign-in">
      <h1>${this.heading}</h1>
      <p class="lead">${this.intro}</p>
      ${error === null ? nothing : notice({ kind: 'danger', body: html`<p>${error}</p>`, outcome: true })}
      <section aria-labelledby="with-passkey">
        <h2 class="visually-hidden" id="with-passkey">${t('account.signInTitle')}</h2>
        <p>
          <button class="button sign-in-button" aria-disabled=${running ? 'true' : nothing} @click=${this.#continue}>
            ${keyRound}${t('account.signInButton')}
          </button>
        </p>
        <p class="hint">${t('account.signInLead')}</p>
        ${waiting === null ? nothing : html`<p class="muted">${waiting}</p>`}
      </section>
      <section class="card" aria-labelledby="first-time">
        <h2 id="first-time">${t('account.firstTimeTitle')}</h2>
        <p>${t('account.firstTimeText')}</p>
        <details class="more">
          <summary>${t('account.whatHappensTitle')}</summary>
          <p>${t('account.whatHappensText')}</p>
        </details>
        <p class="button-row">
          <button class="button button-secondary" aria-disabled=${running ? 'true' : nothing} @click=${this.#create}>
            ${t('account.firstTimeButton')}
          </button>
        </p>
      </section>
      <p><a href=${href('/cannot-sign-in')}>${t('account.cannotSignIn')}</a></p>
    </div>`;
  }

  readonly #continue = (): void => void this.#ceremony.run(this.signIn);

  readonly #create = (): void => void this.#ceremony.run(this.register);
}

customElements.define('gov-sign-in-panel', SignInPanel);
