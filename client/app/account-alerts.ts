import { html, nothing, type TemplateResult } from 'lit';
import type { SessionView } from '../../server/protocol/accounts.ts';
import { loadAreas } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import type { CoreMessenger } from './core.ts';

/** Whose account of this browser has said "later" to a recovery code. */
const laterKey = 'recovery-code-later';

/** What an account has to say above whatever page is open: its warnings, and the offer of a recovery code. What draws them comes when needed. */
export class AccountAlerts extends GovElement {
  static override properties = {
    session: { attribute: false },
    messenger: { attribute: false },
    ownDevice: { attribute: false },
    isLoaded: { state: true },
  };
  declare session: SessionView;
  declare messenger: CoreMessenger;
  declare ownDevice: Observable<string | null>;
  declare isLoaded: boolean;
  #isLoading = false;

  constructor() {
    super();
    this.isLoaded = false;
    this.addController(
      new WatchAll(this, () => {
        const { security, conversations } = this.messenger;
        return [security.devices.state, security.resets.state, conversations.state, this.ownDevice];
      }),
    );
  }

  protected override render(): TemplateResult | typeof nothing {
    const { devices, resets } = this.messenger.security;
    const warns = devices.state.value.unknown.length > 0 || resets.state.value.length > 0;
    const offers = this.#offersCode();
    if (warns || offers) void this.#load();
    if (!this.isLoaded) return nothing;
    return html`<gov-account-warnings .security=${this.messenger.security}></gov-account-warnings>
      ${offers ? html`<gov-recovery-offer .later=${this.#later}></gov-recovery-offer>` : nothing}`;
  }

  /** After the first message, where the keys stay, and as long as there is none: never in the way of what somebody came for. */
  #offersCode(): boolean {
    const { devices } = this.messenger.security.devices.state.value;
    const hasNone = devices.length > 0 && !devices.some(({ kind }) => kind === 'recovery');
    const isSettled = this.ownDevice.value === 'own' && this.messenger.conversations.state.value.rows.length > 0;
    const { accountId, role } = this.session;
    const isElsewhere = !location.pathname.includes('/account/');
    return role === 'citizen' && hasNone && isSettled && isElsewhere && localStorage.getItem(laterKey) !== accountId;
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    await Promise.all([
      loadAreas(['account', 'security']),
      import('../account/account-warnings.ts'),
      import('../account/recovery-offer.ts'),
    ]);
    this.isLoaded = true;
  }

  readonly #later = (): void => {
    localStorage.setItem(laterKey, this.session.accountId);
    this.requestUpdate();
  };
}

customElements.define('gov-account-alerts', AccountAlerts);
