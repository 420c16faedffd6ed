import { html, nothing, type TemplateResult } from 'lit';
import type { Security } from '../account/security.ts';
import { loadAreas } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';

/** The account's warnings above whatever page is open. What draws them comes when there is one. */
export class AccountAlerts extends GovElement {
  static override properties = { security: { attribute: false }, isLoaded: { state: true } };
  declare security: Security;
  declare isLoaded: boolean;
  #isLoading = false;

  constructor() {
    super();
    this.isLoaded = false;
    this.addController(new WatchAll(this, () => [this.security.devices.state, this.security.resets.state]));
  }

  protected override render(): TemplateResult | typeof nothing {
    const { devices, resets } = this.security;
    if (devices.state.value.unknown.length > 0 || resets.state.value.length > 0) void this.#load();
    return this.isLoaded ? html`<gov-account-warnings .security=${this.security}></gov-account-warnings>` : nothing;
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    await Promise.all([loadAreas(['account', 'security']), import('../account/account-warnings.ts')]);
    this.isLoaded = true;
  }
}

customElements.define('gov-account-alerts', AccountAlerts);
