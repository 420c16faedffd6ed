import { html, nothing, type TemplateResult } from 'lit';
import { type AccountId, idOf, type OfficeId } from '../../server/protocol/ids.ts';
import type { InboxPolicy, InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { errorText } from '../i18n/error-text.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { confirmDialog } from '../ui/dialog.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { askAct } from './act-dialog.ts';
import './audit-notice.ts';
import type { TeamProposal } from './proposal.ts';
import './team.css';
import './team-invite.ts';
import './team-retention.ts';
import type { Retention } from './retention.ts';
import type { Registrar } from './registrar.ts';
import type { Act, Team } from './team.ts';
import { formerList, namedCoSigners, peopleList, rolesGivenBy } from './team-people.ts';
import { policyForm } from './team-policy.ts';
import { type Applicant, managesTeam, type Named, type TeamPerson, type TeamState } from './team-state.ts';
import type { Teams } from './teams.ts';
import { applicantList, changeText, proposalList } from './team-waiting.ts';

/** Who belongs to an office's inbox; for owners and admins also the ways to change it. */
export class TeamPage extends GovPage {
  static override properties = {
    team: { attribute: false },
    audit: { attribute: false },
    registrar: { attribute: false },
    retention: { attribute: false },
    officeId: { attribute: false },
    officeName: { attribute: false },
    outcome: { state: true },
    busy: { state: true },
  };
  declare team: Team;
  declare audit: Teams['audit'];
  declare registrar: Registrar;
  declare retention: Retention;
  /** The office that newcomers are invited to; null where the inbox is no office's. */
  declare officeId: OfficeId | null;
  declare officeName: string;
  /** How the last act went. */
  declare outcome: { readonly kind: 'success' | 'danger'; readonly text: () => string } | null;
  declare busy: boolean;

  constructor() {
    super();
    this.officeId = null;
    this.officeName = '';
    this.outcome = null;
    this.busy = false;
    this.addController(new WatchAll(this, () => [this.team.state, this.registrar.state]));
  }

  protected override firstUpdated(): void {
    void this.team.refresh();
    void this.registrar.refresh();
  }

  protected override render(): TemplateResult {
    const state = this.team.state.value;
    if (state.phase === 'outside')
      return html`<div class="prose"><h1>${t('team.outsideTitle')}</h1><p class="lead">${t('team.outsideText')}</p></div>`;
    const { failure, phase } = state;
    return html`<div class="team">
      ${failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${failureText(failure)}</p>` })}
      <gov-audit-notice .audit=${this.audit} .inboxId=${this.team.inboxId}></gov-audit-notice>
      <h1>${t('team.title')}</h1>
      ${phase === 'loading' ? html`<p class="loading">${t('team.loading')}</p>` : this.#content(state)}
    </div>`;
  }

  #content(read: TeamState): TemplateResult {
    // On what does not verify nobody signs anything.
    const state: TeamState = read.failure === 'unverified' ? { ...read, role: 'auditor' } : read;
    const manages = managesTeam(state.role);
    const acts = { admit: this.#admit, sign: this.#sign, withdraw: this.#withdraw, proposeHere: this.#proposeHere };
    return html`<p class="lead">${t('team.lead', { office: this.officeName })}</p>
      ${this.registrar.state.value.phase === 'ready' ? this.#lostAccounts() : nothing}
      ${this.outcome === null ? nothing : notice({ kind: this.outcome.kind, body: html`<p>${this.outcome.text()}</p>`, outcome: true })}
      ${manages ? html`${proposalList(state, acts, this.#nameOf)} ${applicantList(state, acts)}` : nothing}
      ${peopleList(state, { changeRole: this.#changeRole, remove: this.#remove, takeBack: this.#admit })}
      ${
        manages && this.officeId !== null
          ? html`<gov-team-invite
              .invite=${this.#invite}
              .forget=${async (id: string) => await this.team.forgetInvitation(id)}
              .invitations=${state.invitations}
            ></gov-team-invite>`
          : nothing
      }
      ${manages ? html`${policyForm(state, this.#savePolicy)}<gov-team-retention .retention=${this.retention}></gov-team-retention>` : nothing}
      ${formerList(state, { changeRole: this.#changeRole, remove: this.#remove, takeBack: this.#admit })}
      ${
        manages
          ? html`<p class="muted">${t('team.cannotLeave')}</p>`
          : html`<p class="button-row"><button class="button button-danger" @click=${() => void this.#leave()}>${t('team.leave')}</button></p>`
      }`;
  }

  #lostAccounts(): TemplateResult {
    const { length } = this.registrar.state.value.requests;
    return html`<p>
      <a href=${href('/registrar')}>${t('registrar.title')}</a>
      ${length === 0 ? nothing : html`<span class="count"><span class="visually-hidden">${t('registrar.requestsTitle')}: </span>${length}</span>`}
    </p>`;
  }

  readonly #nameOf = (accountId: AccountId): string => {
    const { people, applicants, former } = this.team.state.value;
    const known = [...people, ...former, ...applicants].find((one) => one.accountId === accountId);
    return known?.displayName ?? this.team.nameOf(accountId);
  };

  readonly #invite = async (displayName: string) => {
    if (this.officeId === null) throw new Error('nobody is invited to an inbox without an office');
    const { fragment, expiresAt } = await this.team.invite(displayName, this.officeId);
    return { url: `${location.origin}${href('/enrol')}#${fragment}`, expiresAt };
  };

  /** An applicant, or somebody who was in the team before. */
  readonly #admit = async (person: Named & Partial<Pick<Applicant, 'proof'>>): Promise<void> => {
    const { accountId, displayName, personNumber } = person;
    await this.#perform({
      heading: t('team.admitTitle', { name: displayName }),
      text: t('team.admitText'),
      confirm: t('team.admit'),
      role: 'member',
      comparison: person.proof === 'unknown' ? personNumber : null,
      act: (role) => ({ type: 'add', accountId, role }),
      done: () => t('team.admitted', { name: displayName }),
    });
  };

  readonly #changeRole = async ({ accountId, displayName, role: present }: TeamPerson): Promise<void> => {
    await this.#perform({
      heading: t('team.changeRoleTitle', { name: displayName }),
      text: null,
      confirm: t('team.changeRole'),
      role: present,
      comparison: null,
      act: (role) => ({ type: 'role', accountId, role }),
      done: () => t('team.roleChanged', { name: displayName }),
    });
  };

  readonly #savePolicy = async (policy: InboxPolicy): Promise<void> => {
    if (policy.addsRequire === this.team.state.value.policy.addsRequire) return;
    const act: Act = { type: 'policy', policy };
    if (this.team.coSigners(act) === null) {
      await this.#run(async () => {
        await this.team.perform(act, null);
        return () => t('team.policySaved');
      });
      return;
    }
    await this.#perform({
      heading: t('team.policyTitle'),
      text: t('team.proposalPolicy', { from: this.team.state.value.policy.addsRequire, to: policy.addsRequire }),
      confirm: t('team.policySave'),
      role: null,
      comparison: null,
      act: () => act,
      done: () => t('team.policySaved'),
    });
  };

  /** Asks how it is to be done, does it, and says how it went. */
  async #perform(question: {
    readonly heading: string;
    readonly text: string | null;
    readonly confirm: string;
    readonly role: InboxRole | null;
    readonly comparison: string | null;
    readonly act: (role: InboxRole) => Act;
    readonly done: () => string;
  }): Promise<void> {
    const nameOf = (userId: Uint8Array) => this.#nameOf(idOf(userId));
    const answer = await askAct({
      ...question,
      roles: question.role === null ? [] : rolesGivenBy(this.team.state.value.role),
      role: question.role ?? 'member',
      coSigners: (role) => namedCoSigners(this.team, question.act(role), nameOf),
    });
    if (answer === null) return;
    const act = question.act(answer.role);
    await this.#run(async () => {
      const result = await this.team.perform(act, answer.coSigner?.coSigner ?? null);
      return result === 'done' ? question.done : () => t('team.proposed', { name: answer.coSigner?.name ?? '' });
    });
  }

  readonly #remove = async ({ accountId, displayName: name }: TeamPerson): Promise<void> => {
    const confirm = t('team.remove');
    const agreed = await confirmDialog({ heading: t('team.removeTitle', { name }), text: t('team.removeText'), confirm, danger: true });
    if (!agreed) return;
    await this.#run(async () => {
      await this.team.remove(accountId);
      return () => t('team.removed', { name });
    });
  };

  readonly #sign = async (proposal: TeamProposal): Promise<void> => {
    const heading = t('team.signTitle');
    const agreed = await confirmDialog({ heading, text: changeText(proposal, this.#nameOf), confirm: t('team.sign') });
    if (!agreed) return;
    await this.#run(async () => {
      await this.team.sign(proposal.proposalId);
      return () => t('team.signed');
    });
  };

  readonly #proposeHere = async (proposal: TeamProposal): Promise<void> => {
    const name = this.#nameOf(proposal.proposedBy);
    await this.#run(async () => {
      await this.team.proposeHere(proposal);
      return () => t('team.proposed', { name });
    });
  };

  readonly #withdraw = async ({ proposalId }: TeamProposal): Promise<void> => {
    await this.#run(async () => {
      await this.team.withdraw(proposalId);
      return () => t('team.withdrawn');
    });
  };

  readonly #leave = async (): Promise<void> => {
    const confirm = t('team.leave');
    if (!(await confirmDialog({ heading: t('team.leaveTitle'), text: t('team.leaveText'), confirm, danger: true }))) return;
    await this.#run(async () => {
      await this.team.leave();
      return () => t('team.outsideTitle');
    });
  };

  async #run(work: () => Promise<() => string>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.outcome = null;
    try {
      this.outcome = { kind: 'success', text: await work() };
    } catch (error) {
      if (!(error instanceof RequestError) && !(error instanceof CryptoError)) throw error;
      this.outcome = { kind: 'danger', text: () => actFailure(error) };
    } finally {
      this.busy = false;
    }
  }
}

function failureText(failure: NonNullable<TeamState['failure']>): string {
  return failure === 'unverified' ? t('team.unverified') : `${t('team.notCurrent')} ${errorText(failure)}`;
}

/** Somebody else's change came first: what is shown now is newer than what was decided on. */
function actFailure(error: RequestError | CryptoError): string {
  if (error instanceof CryptoError || error.code === 'conflict') return t('team.overtaken');
  return errorText(error.code);
}

customElements.define('gov-team-page', TeamPage);
