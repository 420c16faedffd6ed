import { html, nothing, type TemplateResult } from 'lit';
import { limits } from '../../server/protocol/limits.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { announcer } from '../ui/announcer.ts';
import { confirmDialog } from '../ui/dialog.ts';
import '../ui/error-summary.ts';
import type { FieldError } from '../ui/error-summary.ts';
import { field } from '../ui/field.ts';
import { GovElement } from '../ui/gov-element.ts';
import { notice } from '../ui/notice.ts';
import type { OpenInvitation } from './team-state.ts';

export interface NewLink {
  readonly url: string;
  readonly expiresAt: number;
}

/** Makes one-time links for newcomers. A link is shown once: its second half is nowhere but in it, and sealed in this browser. */
export class TeamInvite extends GovElement {
  static override properties = {
    invite: { attribute: false },
    forget: { attribute: false },
    invitations: { attribute: false },
    link: { state: true },
    errors: { state: true },
    failure: { state: true },
    busy: { state: true },
  };
  declare invite: (displayName: string) => Promise<NewLink>;
  declare forget: (invitationId: string) => Promise<void>;
  declare invitations: readonly OpenInvitation[];
  declare link: (NewLink & { readonly displayName: string }) | null;
  declare errors: readonly FieldError[];
  declare failure: string | null;
  declare busy: boolean;

  constructor() {
    super();
    this.invitations = [];
    this.link = null;
    this.errors = [];
    this.failure = null;
    this.busy = false;
  }

  protected override render(): TemplateResult {
    return html`<section aria-labelledby="team-invite" class="team-invite">
      <h2 id="team-invite" tabindex="-1">${t('team.inviteTitle')}</h2>
      ${this.link === null ? this.#form() : this.#shown(this.link)} ${this.#open()}
    </section>`;
  }

  #form(): TemplateResult {
    const error = this.errors[0]?.text;
    return html`<gov-error-summary .errors=${this.errors}></gov-error-summary>
      ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
      <p>${t('team.inviteText')}</p>
      <form @submit=${this.#submit} novalidate>
        ${field(
          { id: 'invite-name', label: t('team.inviteName'), error },
          ({ id, describedBy, invalid }) =>
            html`<input class="input" id=${id} autocomplete="off" maxlength=${limits.displayNameCharacters} aria-describedby=${describedBy} aria-invalid=${invalid} />`,
        )}
        <p class="button-row"><button class="button" aria-disabled=${this.busy ? 'true' : nothing}>${t('team.inviteButton')}</button></p>
      </form>`;
  }

  #shown({ url, expiresAt, displayName }: NewLink & { readonly displayName: string }): TemplateResult {
    return html`<div class="card">
      <h3 id="invite-link-title" tabindex="-1">${t('team.inviteLinkTitle', { name: displayName })}</h3>
      <p>${t('team.inviteLinkOnce', { when: fmt.dateTime(expiresAt) })}</p>
      ${field(
        { id: 'invite-link', label: t('team.inviteLinkLabel') },
        ({ id }) =>
          html`<input class="input" id=${id} readonly .value=${url} @focus=${(event: FocusEvent) => event.target instanceof HTMLInputElement && event.target.select()} />`,
      )}
      <p class="button-row">
        <button class="button" @click=${() => void this.#copy(url)}>${t('team.copy')}</button>
        <button class="button button-secondary" @click=${this.#done}>${t('team.inviteDone')}</button>
      </p>
    </div>`;
  }

  #open(): TemplateResult | typeof nothing {
    if (this.invitations.length === 0) return nothing;
    return html`<h3>${t('team.invitationsTitle')}</h3>
      <ul class="plain team-open">
        ${this.invitations.map(
          ({ invitationId, displayName, expiresAt }) => html`<li>
          <span>${displayName} <span class="meta">${t('team.invitationUntil', { when: fmt.dateTime(expiresAt) })}</span></span>
          <button class="button button-quiet" @click=${() => void this.#forget(invitationId)}>
            ${t('team.forget')}<span class="visually-hidden">: ${displayName}</span>
          </button>
        </li>`,
        )}
      </ul>`;
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const name = this.querySelector<HTMLInputElement>('#invite-name')?.value.trim() ?? '';
    this.errors = name === '' ? [{ field: 'invite-name', text: t('team.inviteNameMissing') }] : [];
    if (name !== '' && !this.busy) void this.#make(name);
  };

  async #make(displayName: string): Promise<void> {
    this.busy = true;
    this.failure = null;
    try {
      this.link = { ...(await this.invite(displayName)), displayName };
      await this.updateComplete;
      this.querySelector<HTMLElement>('#invite-link-title')?.focus();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.failure = errorText(error.code);
    } finally {
      this.busy = false;
    }
  }

  async #copy(url: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(url);
      announcer().announce(t('team.copied'));
    } catch {
      // Not allowed here: the link stands selected, for the keyboard.
      this.querySelector<HTMLInputElement>('#invite-link')?.focus();
    }
  }

  async #forget(invitationId: string): Promise<void> {
    const agreed = await confirmDialog({ heading: t('team.forgetTitle'), text: t('team.forgetText'), confirm: t('team.forget') });
    if (agreed) await this.forget(invitationId);
  }

  readonly #done = (): void => {
    this.link = null;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#team-invite')?.focus());
  };
}

customElements.define('gov-team-invite', TeamInvite);
