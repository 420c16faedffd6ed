import { html, nothing, type TemplateResult } from 'lit';
import plus from 'lucide-static/icons/plus.svg?icon';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href, navigate } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import { Act } from './act.ts';
import { type AccountDevice, otherWaysIn } from './device-list.ts';
import { deviceName } from './device-name.ts';
import { askRemoval } from './ask-removal.ts';
import type { Security } from './security.ts';

/** The devices that hold keys of the account. A passkey's own stands with its passkey, the recovery code on its own card. */
export class DevicesCard extends GovElement {
  static override properties = { security: { attribute: false } };
  declare security: Security;
  readonly #act = new Act(this);

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.security.devices.state, this.security.passkeys.state]));
  }

  protected override render(): TemplateResult {
    const withPasskey = this.security.passkeys.state.value.map(({ deviceId }) => deviceId);
    const shown = this.security.devices.state.value.devices.filter(
      ({ kind, deviceId }) => kind !== 'recovery' && !withPasskey.includes(deviceId),
    );
    return html`<section class="card" aria-labelledby="devices-title">
      <h2 id="devices-title">${t('security.devicesTitle')}</h2>
      <p>${t('security.devicesLead')}</p>
      ${this.#act.render()}
      <ul class="security-list">${shown.map((device) => this.#item(device))}</ul>
      <p class="button-row">
        <a class="button button-secondary" href=${href('/account/add-device')}>${plus}${t('security.deviceAdd')}</a>
      </p>
    </section>`;
  }

  #item(device: AccountDevice): TemplateResult {
    const name = deviceName(device);
    return html`<li>
      <h3>${name}</h3>
      ${device.isOwn ? html`<p class="security-state">${badge('ok', t('security.thisBrowser'))}</p>` : nothing}
      <p class="muted">${t('security.since', { date: fmt.date(device.addedAt) })}</p>
      ${device.isOwn ? nothing : this.#removal(device, name)}
    </li>`;
  }

  #removal(device: AccountDevice, name: string): TemplateResult {
    return html`<p class="security-acts">
      <button
        class="button button-quiet"
        aria-label=${t('security.removeOf', { name })}
        aria-disabled=${this.#act.disabled}
        @click=${() => void this.#remove(device)}
      >
        ${t('security.remove')}
      </button>
    </p>`;
  }

  async #remove(device: AccountDevice): Promise<void> {
    const { devices } = this.security;
    const isLast = otherWaysIn(devices.state.value.devices, [device.deviceId]).length === 0;
    const answer = await askRemoval(deviceName(device), isLast);
    if (answer === 'code') return navigate('/account/recovery-code');
    if (answer !== 'remove') return;
    await this.#act.run(
      async () => await devices.revoke([device.deviceId]),
      () => t('security.deviceRemoved'),
    );
  }
}

customElements.define('gov-devices-card', DevicesCard);
