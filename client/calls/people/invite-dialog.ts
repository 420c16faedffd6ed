import { html, nothing, type TemplateResult } from 'lit';
import copy from 'lucide-static/icons/copy.svg?icon';
import { guestRoles, type GuestRole } from '../../../server/protocol/calls.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { fmt } from '../../i18n/fmt.ts';
import { t } from '../../i18n/translate.ts';
import { announcer } from '../../ui/announcer.ts';
import { showDialog } from '../../ui/dialog.ts';
import { field } from '../../ui/field.ts';
import { GovElement } from '../../ui/gov-element.ts';
import { href } from '../../ui/navigate.ts';
import { notice } from '../../ui/notice.ts';
import '../../ui/qr-code.ts';
import type { MadeInvite } from './call-team.ts';
import { roleText } from './tile-person.ts';

export interface InviteWish {
  readonly role: GuestRole;
  readonly guest: string;
  readonly inviter: string;
}

const explanations = { relative: 'guests.relativeHint', interpreter: 'guests.interpreterHint', captioner: 'guests.captionerHint' } as const;

/** Makes a one-time link for somebody without an account, and shows it once: to be copied, or read with a phone. */
export class InviteDialog extends GovElement {
  static override properties = {
    roles: { attribute: false },
    inviter: { attribute: false },
    make: { attribute: false },
    role: { state: true },
    errors: { state: true },
    refused: { state: true },
    made: { state: true },
  };
  declare roles: readonly GuestRole[];
  /** How the link calls the one who invites; empty: he says it himself. */
  declare inviter: string;
  /** Null when it was refused. */
  declare make: (wish: InviteWish) => Promise<MadeInvite | { readonly refused: string }>;
  declare role: GuestRole;
  declare errors: { readonly guest?: string; readonly inviter?: string };
  declare refused: string | null;
  declare made: (MadeInvite & { readonly guest: string }) | null;

  constructor() {
    super();
    this.roles = guestRoles;
    this.inviter = '';
    this.role = 'relative';
    this.errors = {};
    this.refused = null;
    this.made = null;
  }

  /** Resolves when it is closed. */
  async open(): Promise<void> {
    await this.updateComplete;
    const dialog = this.querySelector('dialog');
    if (dialog !== null) await showDialog(dialog);
  }

  protected override render(): TemplateResult {
    return html`<dialog class="dialog" aria-labelledby="invite-title">
      <h2 id="invite-title" tabindex="-1">${this.made === null ? t('guests.inviteTitle') : t('guests.linkTitle', { name: this.made.guest })}</h2>
      ${this.made === null ? this.#form() : this.#link(this.made)}
    </dialog>`;
  }

  #form(): TemplateResult {
    return html`<form novalidate @submit=${this.#submit}>
      ${this.refused === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.refused}</p>`, outcome: true })}
      <fieldset class="choices">
        <legend>${t('guests.roleLegend')}</legend>
        ${this.roles.map((role) => this.#choice(role))}
      </fieldset>
      ${field(
        { id: 'invite-guest', label: t('guests.guestName'), error: this.errors.guest },
        ({ id, describedBy, invalid }) =>
          html`<input class="input" id=${id} autocomplete="off" maxlength=${limits.guestNameCharacters} aria-describedby=${describedBy} aria-invalid=${invalid} />`,
      )}
      ${
        this.inviter === ''
          ? field(
              { id: 'invite-inviter', label: t('guests.inviterName'), hint: t('guests.inviterHint'), error: this.errors.inviter },
              ({ id, describedBy, invalid }) =>
                html`<input class="input" id=${id} autocomplete="name" maxlength=${limits.guestNameCharacters} aria-describedby=${describedBy} aria-invalid=${invalid} />`,
            )
          : nothing
      }
      <div class="button-row">
        <button class="button">${t('guests.makeLink')}</button>
        <button class="button button-secondary" type="button" @click=${this.#close}>${t('ui.cancel')}</button>
      </div>
    </form>`;
  }

  #choice(role: GuestRole): TemplateResult {
    return html`<label class="choice">
      <input type="radio" name="invite-role" .checked=${role === this.role} @change=${() => (this.role = role)} />
      <span><strong>${roleText(role)}</strong><br />${t(explanations[role])}</span>
    </label>`;
  }

  #link({ fragment, expiresAt }: MadeInvite): TemplateResult {
    const address = addressOf(fragment);
    return html`<p>${t('guests.linkText', { time: fmt.time(expiresAt) })}</p>
      <div class="field">
        <label class="label" for="invite-link">${t('guests.linkLabel')}</label>
        <input class="input invite-link" id="invite-link" readonly .value=${address} @focus=${selectAll} />
      </div>
      <p><button class="button" @click=${() => void this.#copy(address)}>${copy}${t('guests.copy')}</button></p>
      <details>
        <summary>${t('guests.showQr')}</summary>
        <p class="hint">${t('guests.qrText')}</p>
        <gov-qr-code .text=${address} .label=${t('guests.qrLabel')}></gov-qr-code>
      </details>
      <div class="button-row"><button class="button button-secondary" @click=${this.#close}>${t('guests.done')}</button></div>`;
  }

  async #copy(address: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(address);
      announcer().announce(t('guests.copied'));
    } catch {
      // The browser does not let us: the link is selected, and the person copies it.
      this.querySelector<HTMLInputElement>('#invite-link')?.focus();
    }
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const guest = this.#value('#invite-guest');
    const inviter = this.inviter === '' ? this.#value('#invite-inviter') : this.inviter;
    this.errors = {
      ...(guest === '' ? { guest: t('guests.guestMissing') } : {}),
      ...(inviter === '' ? { inviter: t('guests.inviterMissing') } : {}),
    };
    await this.updateComplete;
    this.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    if (guest === '' || inviter === '') return;
    const made = await this.make({ role: this.role, guest, inviter });
    if ('refused' in made) {
      this.refused = made.refused;
      return;
    }
    this.made = { ...made, guest };
    await this.updateComplete;
    this.querySelector<HTMLElement>('h2')?.focus();
  };

  #value(selector: string): string {
    return this.querySelector<HTMLInputElement>(selector)?.value.trim() ?? '';
  }

  readonly #close = (): void => this.querySelector('dialog')?.close();
}

/** The language of whoever invites: the guest changes it as on every page. */
function addressOf(fragment: string): string {
  return `${location.origin}${href('/guest')}#${fragment}`;
}

function selectAll({ target }: Event): void {
  if (target instanceof HTMLInputElement) target.select();
}

customElements.define('gov-invite-dialog', InviteDialog);
