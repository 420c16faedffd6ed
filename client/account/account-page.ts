import { html, nothing, type TemplateResult } from 'lit';
import { limits } from '../../server/protocol/limits.ts';
import { t } from '../i18n/translate.ts';
import type { Profile } from '../storage/texts.ts';
import { confirmDialog } from '../ui/dialog.ts';
import '../ui/error-summary.ts';
import type { FieldError } from '../ui/error-summary.ts';
import { field } from '../ui/field.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import './account.css';

const nameField = 'own-name';

/** "Me": the name that travels in messages, what this browser holds, and the ways to leave. */
export class AccountPage extends GovPage {
  static override properties = {
    profile: { attribute: false },
    displayName: { attribute: false },
    signOut: { attribute: false },
    forgetDevice: { attribute: false },
    name: { state: true },
    saved: { state: true },
    errors: { state: true },
  };
  declare profile: Profile;
  /** The name the server knows, of staff; null for citizens, who name themselves. */
  declare displayName: string | null;
  declare signOut: () => Promise<void>;
  /** Signs out and deletes keys, drafts and copies of this browser. */
  declare forgetDevice: () => Promise<void>;
  declare name: string;
  declare saved: boolean;
  declare errors: readonly FieldError[];

  constructor() {
    super();
    this.name = '';
    this.saved = false;
    this.errors = [];
  }

  protected override firstUpdated(): void {
    void this.#loadName();
  }

  protected override render(): TemplateResult {
    return html`<gov-error-summary .errors=${this.errors}></gov-error-summary>
      ${this.saved ? notice({ kind: 'success', body: html`<p>${t('account.nameSaved')}</p>`, outcome: true }) : nothing}
      <h1>${t('account.meTitle')}</h1>
      <div class="account-sections">
        <section class="card" aria-labelledby="name-title">
          <h2 id="name-title">${t('account.nameTitle')}</h2>
          ${this.displayName === null ? this.#nameForm() : html`<p>${this.displayName}</p>`}
        </section>
        <section class="card" aria-labelledby="security-title">
          <h2 id="security-title">${t('security.pageTitle')}</h2>
          <p>${t('security.accountText')}</p>
          <p class="button-row"><a class="button button-secondary" href=${href('/account/security')}>${t('security.open')}</a></p>
        </section>
        <section class="card" aria-labelledby="device-title">
          <h2 id="device-title">${t('account.deviceTitle')}</h2>
          <ul>
            <li>${t('account.deviceKeys')}</li>
            <li>${t('account.deviceDrafts')}</li>
            <li>${t('account.deviceCache')}</li>
            <li>${t('account.deviceSettings')}</li>
            <li>${t('account.deviceCookie')}</li>
          </ul>
        </section>
        <section class="card" aria-labelledby="sign-out-title">
          <h2 id="sign-out-title">${t('account.signOut')}</h2>
          <p>${t('account.signOutText')}</p>
          <p class="button-row"><button class="button" @click=${() => void this.signOut()}>${t('account.signOut')}</button></p>
        </section>
        <section class="card" aria-labelledby="delete-title">
          <h2 id="delete-title">${t('account.deleteTitle')}</h2>
          <p>${t('account.deleteText')}</p>
          <p class="button-row"><button class="button button-danger" @click=${this.#delete}>${t('account.deleteButton')}…</button></p>
        </section>
      </div>`;
  }

  #nameForm(): TemplateResult {
    const error = this.errors.find((each) => each.field === nameField)?.text;
    return html`<form @submit=${this.#save}>
      ${field(
        { id: nameField, label: t('account.nameLabel'), hint: t('account.nameHint'), error, optional: true },
        ({ id, describedBy, invalid }) =>
          html`<input class="input" id=${id} autocomplete="name" aria-describedby=${describedBy} aria-invalid=${invalid} .value=${this.name} />`,
      )}
      <button class="button button-secondary">${t('account.nameSave')}</button>
    </form>`;
  }

  async #loadName(): Promise<void> {
    this.name = (await this.profile.loadName()) ?? '';
  }

  readonly #save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const name = this.querySelector<HTMLInputElement>(`#${nameField}`)?.value.trim() ?? '';
    const tooLong = name.length > limits.displayNameCharacters;
    this.saved = false;
    this.errors = tooLong ? [{ field: nameField, text: t('account.nameTooLong', { max: limits.displayNameCharacters }) }] : [];
    if (tooLong) return;
    await this.profile.saveName(name === '' ? null : name);
    this.name = name;
    this.saved = true;
  };

  readonly #delete = async (): Promise<void> => {
    const agreed = await confirmDialog({
      heading: t('account.deleteTitle'),
      text: t('account.deleteWarning'),
      confirm: t('account.deleteButton'),
      danger: true,
    });
    if (agreed) await this.forgetDevice();
  };
}

customElements.define('gov-account-page', AccountPage);
