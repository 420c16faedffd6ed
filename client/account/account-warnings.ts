import { html, nothing, type TemplateResult } from 'lit';
import type { ResetRequest } from '../../server/protocol/resets.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { Act } from './act.ts';
import type { AccountDevice } from './device-list.ts';
import { deviceName } from './device-name.ts';
import type { Security } from './security.ts';

/** What must not be missed, on whatever page it comes: a device the person may not have added, a request to reset the account. */
export class AccountWarnings extends GovElement {
  static override properties = { security: { attribute: false } };
  declare security: Security;
  readonly #act = new Act(this);
  readonly #told = new Set<string>();

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.security.devices.state, this.security.resets.state]));
  }

  protected override updated(): void {
    for (const { deviceId } of this.security.devices.state.value.unknown) this.#tell(deviceId, t('security.newDeviceTitle'));
    for (const { resetId } of this.security.resets.state.value) this.#tell(resetId, t('security.resetTitle'));
  }

  protected override render(): TemplateResult {
    return html`${this.#act.render()}
    ${this.security.resets.state.value.map((reset) => this.#reset(reset))}
    ${this.security.devices.state.value.unknown.map((device) => this.#device(device))}`;
  }

  #device(device: AccountDevice): TemplateResult {
    const { devices } = this.security;
    return notice({
      kind: 'warning',
      heading: t('security.newDeviceTitle'),
      body: html`<p>${t('security.newDeviceText', { name: deviceName(device), date: fmt.dateTime(device.addedAt) })}</p>
        <p class="button-row">
          <button
            class="button button-danger"
            aria-disabled=${this.#act.disabled}
            @click=${() =>
              void this.#act.run(
                async () => await this.security.removeUnknown(device.deviceId),
                () => t('security.deviceRemoved'),
              )}
          >
            ${t('security.newDeviceNo')}
          </button>
          <button class="button button-secondary" @click=${() => void devices.acknowledge([device.deviceId])}>
            ${t('security.newDeviceYes')}
          </button>
        </p>`,
    });
  }

  #reset({ resetId, notBefore }: ResetRequest): TemplateResult {
    return notice({
      kind: 'danger',
      heading: t('security.resetTitle'),
      body: html`<p>${t('security.resetText')}</p>
        ${notBefore === null ? nothing : html`<p>${t('security.resetWhen', { date: fmt.dateTime(notBefore) })}</p>`}
        <p class="button-row">
          <button
            class="button button-danger"
            aria-disabled=${this.#act.disabled}
            @click=${() =>
              void this.#act.run(
                async () => await this.security.resets.refuse(resetId),
                () => t('security.resetRefused'),
              )}
          >
            ${t('security.resetRefuse')}
          </button>
        </p>`,
    });
  }

  #tell(id: string, text: string): void {
    if (this.#told.has(id)) return;
    this.#told.add(id);
    announcer().announce(text);
  }
}

customElements.define('gov-account-warnings', AccountWarnings);
