import { html, nothing, type TemplateResult } from 'lit';
import type { OfficeId } from '../../server/protocol/ids.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import './account.css';
import { Ceremony } from './ceremony.ts';
import { ceremonyErrorText } from './ceremony-error.ts';
import type { Closable, SessionState } from './session.ts';

/** What the page needs of an invitation. */
export interface InvitationToAccept {
  readonly role: Role;
  readonly displayName: string;
  readonly officeId: OfficeId;
  accept(onceMore: () => void): Promise<unknown>;
}

/** The way in for staff: a one-time link, read from the address's fragment, which never reaches the server as a whole. */
export class EnrolPage extends GovPage {
  static override properties = {
    read: { attribute: false },
    officeName: { attribute: false },
    onAccepted: { attribute: false },
    session: { attribute: false },
    signOut: { attribute: false },
    invitation: { state: true },
  };
  declare read: () => Promise<InvitationToAccept>;
  declare officeName: (officeId: OfficeId) => string;
  declare onAccepted: () => void;
  /** Who is signed in here already: one browser holds one account at a time. */
  declare session: Observable<SessionState<Closable>>;
  declare signOut: () => Promise<void>;
  declare invitation: InvitationToAccept | 'checking' | { readonly failure: string };
  readonly #ceremony = new Ceremony(this);

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.session]));
    this.invitation = 'checking';
  }

  protected override firstUpdated(): void {
    void this.#check();
  }

  protected override render(): TemplateResult {
    const { invitation } = this;
    if ('session' in this.session.value && !this.#ceremony.running) return this.#occupied();
    if (invitation === 'checking') return html`<h1>${t('account.enrolTitle')}</h1><p class="loading">${t('account.enrolChecking')}</p>`;
    return 'failure' in invitation ? invalid(invitation.failure) : this.#offer(invitation);
  }

  #offer({ displayName, role, officeId }: InvitationToAccept): TemplateResult {
    const { running, waiting, error } = this.#ceremony;
    return html`<div class="sign-in">
      <h1>${t('account.enrolTitle')}</h1>
      <p class="lead">${t('account.enrolGreeting', { name: displayName })}</p>
      ${error === null ? nothing : notice({ kind: 'danger', body: html`<p>${error}</p>`, outcome: true })}
      <dl class="facts">
        <dt>${t('account.enrolRole')}</dt>
        <dd>${t(roleNames[role])}</dd>
        <dt>${t('account.enrolOffice')}</dt>
        <dd>${this.officeName(officeId)}</dd>
      </dl>
      <p>${t('account.whatHappensText')}</p>
      <p>
        <button class="button sign-in-button" aria-disabled=${running ? 'true' : nothing} @click=${this.#accept}>
          ${t('account.enrolButton')}
        </button>
      </p>
      ${waiting === null ? nothing : html`<p class="muted">${waiting}</p>`}
    </div>`;
  }

  #occupied(): TemplateResult {
    return html`<div class="prose">
      <h1>${t('account.enrolTitle')}</h1>
      <p class="lead">${t('account.enrolNeedsSignOut')}</p>
      <p class="button-row"><button class="button" @click=${() => void this.signOut()}>${t('account.signOut')}</button></p>
    </div>`;
  }

  async #check(): Promise<void> {
    try {
      this.invitation = await this.read();
    } catch (error) {
      this.invitation = { failure: ceremonyErrorText(error) };
    }
  }

  readonly #accept = (): void => {
    const { invitation } = this;
    if (invitation === 'checking' || 'failure' in invitation) return;
    void this.#ceremony.run(async (onceMore) => {
      await invitation.accept(onceMore);
      this.onAccepted();
    });
  };
}

function invalid(failure: string): TemplateResult {
  return html`<div class="prose">
    <h1>${t('account.enrolInvalidTitle')}</h1>
    <p class="lead">${failure}</p>
    <p class="button-row"><a class="button" href=${href('/')}>${t('account.toStart')}</a></p>
  </div>`;
}

const roleNames = {
  citizen: 'account.roleCitizen',
  official: 'account.roleOfficial',
  supervisor: 'account.roleSupervisor',
  admin: 'account.roleAdmin',
  owner: 'account.roleOwner',
  guest: 'account.roleGuest',
} as const satisfies Record<Role, string>;

customElements.define('gov-enrol-page', EnrolPage);
