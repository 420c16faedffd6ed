import { html, nothing, type TemplateResult } from 'lit';
import type { AccountId } from '../../server/protocol/ids.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { personNumber } from '../crypto/person-number.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import type { TeamProposal } from './proposal.ts';
import { numberLine, personHead } from './team-people.ts';
import type { Applicant, TeamState } from './team-state.ts';

export interface WaitingActs {
  readonly admit: (applicant: Applicant) => Promise<void>;
  readonly sign: (proposal: TeamProposal) => Promise<void>;
  readonly withdraw: (proposal: TeamProposal) => Promise<void>;
  readonly proposeHere: (proposal: TeamProposal) => Promise<void>;
}

const proofs = {
  proven: { state: 'ok', key: 'team.applicantProven' },
  unknown: { state: 'watch', key: 'team.applicantUnknown' },
  forged: { state: 'act', key: 'team.applicantForged' },
} as const;

/** Who enrolled and is in nobody's team yet. */
export function applicantList({ applicants }: TeamState, { admit }: WaitingActs): TemplateResult {
  return html`<section aria-labelledby="team-applicants">
    <h2 id="team-applicants">${t('team.applicantsTitle')}</h2>
    ${
      applicants.length === 0
        ? html`<p class="muted">${t('team.applicantsNone')}</p>`
        : html`<ul class="plain team-list">
            ${applicants.map(
              (applicant) => html`<li class="card team-person">
              ${personHead(applicant, nothing, false)}
              <p>${badge(proofs[applicant.proof].state, t(proofs[applicant.proof].key))}</p>
              ${numberLine(applicant)}
              ${
                applicant.proof === 'forged'
                  ? nothing
                  : html`<p class="button-row"><button class="button" @click=${() => void admit(applicant)}>
                      ${t('team.admit')}<span class="visually-hidden">: ${applicant.displayName}</span>
                    </button></p>`
              }
            </li>`,
            )}
          </ul>`
    }
  </section>`;
}

/** Links that wait for a second signature: what each would change, in words. */
export function proposalList(
  { proposals }: TeamState,
  acts: WaitingActs,
  nameOf: (accountId: AccountId) => string,
): TemplateResult | typeof nothing {
  if (proposals.length === 0) return nothing;
  return html`<section aria-labelledby="team-proposals">
    <h2 id="team-proposals">${t('team.proposalsTitle')}</h2>
    <ul class="plain team-list">
      ${proposals.map(
        (proposal) => html`<li class="card">
        <h3>${changeText(proposal, nameOf)}</h3>
        <p class="meta">${t('team.proposalBy', { name: nameOf(proposal.proposedBy), when: fmt.dateTime(proposal.proposedAt) })}</p>
        ${proposal.change.type === 'add' ? numberLine({ personNumber: personNumber(fromBase64Url(proposal.change.accountId)) }) : nothing}
        ${stageLine(proposal, nameOf)}
        ${proposalActs(proposal, acts)}
      </li>`,
      )}
    </ul>
  </section>`;
}

/** What a proposal changes, read from what is signed. */
export function changeText({ change }: TeamProposal, nameOf: (accountId: AccountId) => string): string {
  if (change.type === 'add') return t('team.proposalAdd', { name: nameOf(change.accountId), role: t(`team.${change.role}`) });
  if (change.type === 'policy') return t('team.proposalPolicy', { from: change.from.addsRequire, to: change.to.addsRequire });
  const { from, to } = change;
  return t('team.proposalRole', { name: nameOf(change.accountId), from: t(`team.${from}`), to: t(`team.${to}`) });
}

function stageLine({ stage, asked }: TeamProposal, nameOf: (accountId: AccountId) => string): TemplateResult | typeof nothing {
  if (stage === 'to-sign') return nothing;
  if (stage === 'other-device') return html`<p>${t('team.otherDevice')} ${t('team.proposeHereHint')}</p>`;
  return html`<p>${t('team.proposalAsked', { names: asked.map(nameOf).join(', ') })}</p>`;
}

function proposalActs(proposal: TeamProposal, { sign, withdraw, proposeHere }: WaitingActs): TemplateResult | typeof nothing {
  if (proposal.stage === 'others') return nothing;
  return html`<p class="button-row">
    ${proposal.stage === 'to-sign' ? html`<button class="button" @click=${() => void sign(proposal)}>${t('team.sign')}</button>` : nothing}
    ${
      proposal.stage === 'other-device'
        ? html`<button class="button" @click=${() => void proposeHere(proposal)}>${t('team.proposeHere')}</button>`
        : nothing
    }
    <button class="button button-secondary" @click=${() => void withdraw(proposal)}>
      ${proposal.stage === 'mine' ? t('team.withdraw') : t('team.decline')}
    </button>
  </p>`;
}
