import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import './account.css';

/** What was saved here, and whether that is right (ux.md §7.2). In nobody's way: it can be answered later, and until then all is kept. */
export class OwnDeviceQuestion extends GovElement {
  static override properties = { isPassing: { attribute: false }, answer: { attribute: false }, asking: { state: true } };
  /** Already answered with no. */
  declare isPassing: boolean;
  declare answer: (isOwn: boolean) => Promise<void>;
  declare asking: boolean;

  constructor() {
    super();
    this.asking = true;
  }

  protected override render(): TemplateResult {
    if (this.isPassing) {
      return notice({
        kind: 'info',
        heading: t('account.passingTitle'),
        body: html`<p>${t('account.passingText')}</p>
          <p>${t('account.passingRecovery')} <a href=${href('/account/recovery-code')}>${t('account.passingMakeCode')}</a></p>`,
      });
    }
    return html`<section class="card own-device" aria-labelledby="own-device-title">
      <h2 id="own-device-title">${t('account.ownTitle')}</h2>
      <p>${t('account.ownText')}</p>
      <p class="button-row">
        <button class="button button-secondary" aria-disabled=${this.asking ? nothing : 'true'} @click=${this.#yes}>${t('account.ownYes')}</button>
        <button class="button button-secondary" aria-disabled=${this.asking ? nothing : 'true'} @click=${this.#no}>${t('account.ownNo')}</button>
      </p>
    </section>`;
  }

  readonly #yes = (): void => {
    // Browsers may throw away what a page keeps when the disk is full, some after days without a visit (crypto.md §7.3).
    void navigator.storage?.persist();
    void this.#say(true);
  };

  readonly #no = (): void => void this.#say(false);

  async #say(isOwn: boolean): Promise<void> {
    if (!this.asking) return;
    this.asking = false;
    try {
      await this.answer(isOwn);
    } finally {
      this.asking = true;
    }
  }
}

customElements.define('gov-own-device', OwnDeviceQuestion);
