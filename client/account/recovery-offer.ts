import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';

/** Offers a recovery code to whoever has none: later is an answer too. */
export class RecoveryOffer extends GovElement {
  static override properties = { later: { attribute: false } };
  declare later: () => void;

  protected override render(): TemplateResult {
    return notice({
      kind: 'info',
      heading: t('security.offerTitle'),
      body: html`<p>${t('security.offerText')}</p>
        <p class="button-row">
          <a class="button button-secondary" href=${href('/account/recovery-code')}>${t('security.recoveryMake')}</a>
          <button class="button button-quiet" @click=${this.later}>${t('security.offerLater')}</button>
        </p>`,
    });
  }
}

customElements.define('gov-recovery-offer', RecoveryOffer);
