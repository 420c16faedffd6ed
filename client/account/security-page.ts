import { html, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import './account.css';
import './devices-card.ts';
import './passkeys-card.ts';
import type { Protection, Security } from './security.ts';
import './security.css';
import './sessions-card.ts';

/** "My devices and security": what can sign in, what can open messages, and how to end either. */
export class SecurityPage extends GovPage {
  static override properties = { security: { attribute: false } };
  declare security: Security;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.security.devices.state]));
  }

  protected override render(): TemplateResult {
    return html`<p>
        <a class="back-link" href=${href('/account')}>${arrowLeft}${t('account.meTitle')}</a>
      </p>
      <h1>${t('security.pageTitle')}</h1>
      <p class="lead">${t('security.pageLead')}</p>
      <div class="security-columns">
        <div>
          <gov-passkeys-card .passkeys=${this.security.passkeys}></gov-passkeys-card>
          ${this.#recovery()}
          <section class="card" aria-labelledby="number-title">
            <h2 id="number-title">${t('security.numberTitle')}</h2>
            <p class="figures own-number">${this.security.number}</p>
            <p>${t('security.numberText')}</p>
          </section>
        </div>
        <div>
          <gov-devices-card .security=${this.security}></gov-devices-card>
          ${protectionCard(this.security.protection)}
          <gov-sessions-card .security=${this.security}></gov-sessions-card>
        </div>
      </div>`;
  }

  #recovery(): TemplateResult {
    const code = this.security.devices.state.value.devices.find(({ kind }) => kind === 'recovery');
    return html`<section class="card" aria-labelledby="recovery-title">
      <h2 id="recovery-title">${t('security.kindRecovery')}</h2>
      <p>${t('security.recoveryLead')}</p>
      <p class="muted">${code ? t('security.made', { date: fmt.date(code.addedAt) }) : t('security.recoveryNone')}</p>
      <p class="button-row">
        <a class="button button-secondary" href=${href('/account/recovery-code')}>
          ${code ? t('security.recoveryRenew') : t('security.recoveryMake')}
        </a>
      </p>
    </section>`;
  }
}

const protectionTexts = {
  passkey: 'security.protectionPasskey',
  browser: 'security.protectionBrowser',
  memory: 'security.protectionMemory',
} as const satisfies Record<Protection, string>;

function protectionCard(protection: Protection): TemplateResult {
  return html`<section class="card" aria-labelledby="protection-title">
    <h2 id="protection-title">${t('security.protectionTitle')}</h2>
    <p>${t(protectionTexts[protection])}</p>
  </section>`;
}

customElements.define('gov-security-page', SecurityPage);
