import { html, nothing, type TemplateResult } from 'lit';
import plus from 'lucide-static/icons/plus.svg?icon';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import { Act } from './act.ts';
import { askChoice, askName } from './ask-dialogs.ts';
import type { OwnPasskey, OwnPasskeys } from './own-passkeys.ts';

/** The passkeys of the account, each with what can be done with it. */
export class PasskeysCard extends GovElement {
  static override properties = { passkeys: { attribute: false } };
  declare passkeys: OwnPasskeys;
  readonly #act = new Act(this);

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.passkeys.state]));
  }

  protected override render(): TemplateResult {
    return html`<section class="card" aria-labelledby="passkeys-title">
      <h2 id="passkeys-title">${t('security.passkeysTitle')}</h2>
      <p>${t('security.passkeysLead')}</p>
      ${this.#act.render()}
      <ul class="security-list">${this.passkeys.state.value.map((passkey) => this.#item(passkey))}</ul>
      <p class="button-row">
        <button class="button button-secondary" aria-disabled=${this.#act.disabled} @click=${this.#add}>
          ${plus}${t('security.passkeyAdd')}
        </button>
      </p>
    </section>`;
  }

  #item(passkey: OwnPasskey): TemplateResult {
    const name = nameOf(passkey);
    const { createdAt, lastUsedAt, isSynced, isCurrent, deviceId } = passkey;
    return html`<li>
      <h3>${name}</h3>
      <p class="security-state">
        ${badge(isSynced ? 'ok' : 'off', isSynced ? t('security.synced') : t('security.bound'))}
        ${isCurrent ? html`<span>${t('security.passkeyCurrent')}</span>` : nothing}
      </p>
      <p class="muted">
        ${t('security.made', { date: fmt.date(createdAt) })}<br />
        ${lastUsedAt === null ? t('security.neverUsed') : t('security.lastUsed', { date: fmt.dateTime(lastUsedAt) })}
        ${deviceId === null ? nothing : html`<br />${t('security.passkeyOpens')}`}
      </p>
      <p class="security-acts">
        <button class="button button-quiet" aria-label=${t('security.renameOf', { name })} @click=${() => void this.#rename(passkey)}>
          ${t('security.rename')}
        </button>
        <button class="button button-quiet" aria-label=${t('security.removeOf', { name })} @click=${() => void this.#remove(passkey)}>
          ${t('security.remove')}
        </button>
      </p>
    </li>`;
  }

  readonly #add = async (): Promise<void> => {
    const name = await askName({
      heading: t('security.passkeyAdd'),
      text: t('security.passkeyAddText'),
      value: '',
      confirm: t('security.goOn'),
    });
    if (name === null) return;
    await this.#act.run(
      async () => await this.passkeys.add(name, () => this.#act.say(t('security.onceMore'))),
      () => t('security.passkeyAdded'),
    );
  };

  async #rename({ credentialId, name }: OwnPasskey): Promise<void> {
    const answer = await askName({ heading: t('security.rename'), value: name, confirm: t('security.save') });
    if (answer === null) return;
    await this.#act.run(
      async () => await this.passkeys.rename(credentialId, answer),
      () => t('security.renamed'),
    );
  }

  async #remove(passkey: OwnPasskey): Promise<void> {
    const refusal = this.passkeys.refusalToRemove(passkey);
    if (refusal !== null) {
      const text = refusal === 'last-passkey' ? t('security.lastPasskey') : t('security.lastKeys');
      await askChoice({ heading: t('security.cannotRemove'), text, choices: [] });
      return;
    }
    const remove = { value: 'remove', label: t('security.remove'), danger: true };
    const heading = t('security.removeOf', { name: nameOf(passkey) });
    if ((await askChoice({ heading, text: t('security.passkeyRemoveText'), choices: [remove] })) !== 'remove') return;
    await this.#act.run(
      async () => await this.passkeys.remove(passkey),
      () => t('security.passkeyRemoved'),
    );
  }
}

function nameOf({ name }: OwnPasskey): string {
  return name === '' ? t('security.passkeyUnnamed') : name;
}

customElements.define('gov-passkeys-card', PasskeysCard);
