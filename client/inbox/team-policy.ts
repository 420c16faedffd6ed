import { html, nothing, type TemplateResult } from 'lit';
import type { InboxPolicy } from '../../server/protocol/inbox-bodies.ts';
import { t } from '../i18n/translate.ts';
import type { TeamState } from './team-state.ts';

/** How many people sign: shown to all who lead the team, decided by its owners. */
export function policyForm({ role, policy, people }: TeamState, save: (policy: InboxPolicy) => Promise<void>): TemplateResult {
  const owners = people.filter((person) => person.role === 'owner').length;
  const mayChange = role === 'owner';
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const chosen = form instanceof HTMLFormElement ? new FormData(form).get('signatures') : null;
    if (chosen !== null) void save({ ...policy, addsRequire: chosen === '2' ? 2 : 1 });
  };
  const choice = (count: 1 | 2, words: string): TemplateResult =>
    html`<label class="choice">
      <input
        type="radio"
        name="signatures"
        value=${count}
        .checked=${policy.addsRequire === count}
        ?disabled=${!mayChange || (count === 2 && owners < 2)}
      />
      <span>${words}</span>
    </label>`;
  return html`<section aria-labelledby="team-policy">
    <h2 id="team-policy">${t('team.policyTitle')}</h2>
    <form @submit=${submit}>
      <fieldset class="choices">
        <legend>${t('team.policyText')}</legend>
        ${mayChange && owners < 2 ? html`<p class="hint">${t('team.policyNeedsOwners')}</p>` : nothing}
        ${choice(1, t('team.policyOne'))} ${choice(2, t('team.policyTwo'))}
      </fieldset>
      ${mayChange ? html`<p class="button-row"><button class="button button-secondary">${t('team.policySave')}</button></p>` : nothing}
    </form>
  </section>`;
}
