import { html, nothing, type TemplateResult } from 'lit';
import type { OpenSessionView } from '../../server/protocol/accounts.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import { confirmDialog } from '../ui/dialog.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import { Act } from './act.ts';
import { deviceName } from './device-name.ts';
import type { Security } from './security.ts';

/** Where the account is signed in, with keys or without. */
export class SessionsCard extends GovElement {
  static override properties = { security: { attribute: false } };
  declare security: Security;
  readonly #act = new Act(this);

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.security.sessions.state, this.security.devices.state]));
  }

  protected override render(): TemplateResult {
    const sessions = this.security.sessions.state.value;
    return html`<section class="card" aria-labelledby="sessions-title">
      <h2 id="sessions-title">${t('security.sessionsTitle')}</h2>
      <p>${t('security.sessionsLead')}</p>
      ${this.#act.render()}
      <ul class="security-list">${sessions.map((session) => this.#item(session))}</ul>
      ${
        sessions.some(({ isCurrent }) => !isCurrent)
          ? html`<p class="button-row">
            <button class="button button-secondary" aria-disabled=${this.#act.disabled} @click=${this.#endOthers}>
              ${t('security.sessionsEnd')}
            </button>
          </p>`
          : nothing
      }
    </section>`;
  }

  #item(session: OpenSessionView): TemplateResult {
    const { createdAt, lastSeenAt, isCurrent } = session;
    const name = this.#nameOf(session);
    return html`<li>
      <h3>${name}</h3>
      ${isCurrent ? html`<p class="security-state">${badge('ok', t('security.thisBrowser'))}</p>` : nothing}
      <p class="muted">
        ${t('security.sessionSince', { date: fmt.dateTime(createdAt) })}<br />
        ${t('security.sessionSeen', { date: fmt.dateTime(lastSeenAt) })}
      </p>
      ${isCurrent ? nothing : this.#ending(session, name)}
    </li>`;
  }

  #ending(session: OpenSessionView, name: string): TemplateResult {
    return html`<p class="security-acts">
      <button
        class="button button-quiet"
        aria-label=${t('security.sessionEndOf', { name, date: fmt.dateTime(session.createdAt) })}
        aria-disabled=${this.#act.disabled}
        @click=${() => void this.#end(session)}
      >
        ${t('security.sessionEnd')}
      </button>
    </p>`;
  }

  #nameOf({ deviceId }: OpenSessionView): string {
    if (deviceId === null) return t('security.sessionWithoutKeys');
    const device = this.security.devices.state.value.devices.find((each) => each.deviceId === deviceId);
    return device ? deviceName(device) : t('security.sessionOfRemoved');
  }

  async #end({ sessionId }: OpenSessionView): Promise<void> {
    await this.#act.run(
      async () => await this.security.sessions.end(sessionId),
      () => t('security.sessionEnded'),
    );
  }

  readonly #endOthers = async (): Promise<void> => {
    const question = { heading: t('security.sessionsEnd'), text: t('security.sessionsEndText'), confirm: t('security.sessionsEnd') };
    if (!(await confirmDialog({ ...question, danger: true }))) return;
    await this.#act.run(
      async () => await this.security.sessions.endOthers(),
      (count) => t('security.sessionsEnded', { count }),
    );
  };
}

customElements.define('gov-sessions-card', SessionsCard);
