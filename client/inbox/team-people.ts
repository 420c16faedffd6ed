import { html, nothing, type TemplateResult } from 'lit';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { avatar } from '../ui/avatar.ts';
import { badge } from '../ui/badge.ts';
import type { Act, Team } from './team.ts';
import type { FormerPerson, Named, TeamPerson, TeamState } from './team-state.ts';

export interface PeopleActs {
  readonly changeRole: (person: TeamPerson) => Promise<void>;
  readonly remove: (person: TeamPerson) => Promise<void>;
  readonly takeBack: (person: FormerPerson) => Promise<void>;
}

/** Which roles somebody of this role gives and takes. */
export function rolesGivenBy(role: InboxRole): readonly InboxRole[] {
  if (role === 'owner') return ['member', 'admin', 'owner', 'auditor'];
  return role === 'admin' ? ['member', 'auditor'] : [];
}

export function peopleList({ people, role }: TeamState, acts: PeopleActs): TemplateResult {
  const given = rolesGivenBy(role);
  return html`<section aria-labelledby="team-people">
    <h2 id="team-people">${t('team.peopleTitle')}</h2>
    <ul class="plain team-list">
      ${people.map(
        (person) => html`<li class="card team-person">
        ${personHead(person, html`${badge(person.role === 'member' ? 'off' : 'ok', t(`team.${person.role}`))}`, person.isMe)}
        ${person.since === null ? nothing : html`<p class="meta">${t('team.since', { date: fmt.date(person.since) })}</p>`}
        ${person.isSuspended ? html`<p class="field-error">${t('team.suspended')}</p>` : nothing}
        ${numberLine(person)}
        ${!person.isMe && given.includes(person.role) ? personActs(person, acts) : nothing}
      </li>`,
      )}
    </ul>
    <p class="hint">${t('team.numberHint')}</p>
  </section>`;
}

export function formerList({ former, role }: TeamState, acts: PeopleActs): TemplateResult | typeof nothing {
  if (former.length === 0) return nothing;
  return html`<details class="team-former">
    <summary>${t('team.formerTitle')}</summary>
    <ul class="plain team-list">
      ${former.map(
        (person) => html`<li class="card team-person">
        ${personHead(person, nothing, false)}
        ${person.until === null ? nothing : html`<p class="meta">${t('team.until', { date: fmt.date(person.until) })}</p>`}
        ${numberLine(person)}
        ${
          rolesGivenBy(role).length === 0
            ? nothing
            : html`<p class="button-row"><button class="button button-secondary" @click=${() => void acts.takeBack(person)}>
                ${t('team.takeBack')}<span class="visually-hidden">: ${person.displayName}</span>
              </button></p>`
        }
      </li>`,
      )}
    </ul>
  </details>`;
}

export function personHead(person: Named, state: unknown, isMe: boolean): TemplateResult {
  return html`<h3 class="team-name">
    ${avatar(person.displayName)}<span>${person.displayName}${isMe ? html` <span class="muted">(${t('team.you')})</span>` : nothing}</span> ${state}
  </h3>`;
}

export function numberLine({ personNumber }: Pick<Named, 'personNumber'>): TemplateResult {
  return html`<p class="meta">${t('team.number')}: <span class="figures team-number">${personNumber}</span></p>`;
}

/** Who else may sign an act, with names; null when one signature will do. */
export function namedCoSigners(team: Team, act: Act, nameOf: (userId: Uint8Array) => string) {
  return team.coSigners(act)?.map((coSigner) => ({ coSigner, name: nameOf(coSigner.userId) })) ?? null;
}

function personActs(person: TeamPerson, acts: PeopleActs): TemplateResult {
  const name = html`<span class="visually-hidden">: ${person.displayName}</span>`;
  return html`<p class="button-row">
    <button class="button button-secondary" @click=${() => void acts.changeRole(person)}>${t('team.changeRole')}${name}</button>
    <button class="button button-quiet" @click=${() => void acts.remove(person)}>${t('team.remove')}${name}</button>
  </p>`;
}
