import { html, nothing, type TemplateResult } from 'lit';
import type { Colleague } from '../../../server/protocol/calls.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';
import { t } from '../../i18n/translate.ts';
import { avatar } from '../../ui/avatar.ts';
import { badge } from '../../ui/badge.ts';
import { showDialog } from '../../ui/dialog.ts';
import { GovElement } from '../../ui/gov-element.ts';

const states = {
  available: ['ok', 'guests.colleagueAvailable'],
  'in-call': ['watch', 'guests.colleagueInCall'],
  break: ['off', 'guests.colleagueBreak'],
  away: ['off', 'guests.colleagueAway'],
} as const;

/** Who of the team could come into the call; whoever is asked sees it on every page. */
export class ColleagueDialog extends GovElement {
  static override properties = { colleagues: { attribute: false } };
  /** Null: they could not be listed. */
  declare colleagues: readonly Colleague[] | null;

  /** Who was chosen; null when nobody. */
  async open(): Promise<AccountId | null> {
    await this.updateComplete;
    const dialog = this.querySelector('dialog');
    if (dialog === null) return null;
    const answer = await showDialog(dialog);
    return this.colleagues?.find(({ accountId }) => accountId === answer)?.accountId ?? null;
  }

  protected override render(): TemplateResult {
    const { colleagues } = this;
    return html`<dialog class="dialog" aria-labelledby="colleague-title">
      <h2 id="colleague-title" tabindex="-1">${t('guests.colleagueTitle')}</h2>
      <p>${t('guests.colleagueText')}</p>
      <form method="dialog">
        ${colleagues === null ? html`<p>${t('guests.colleaguesUnknown')}</p>` : nothing}
        ${colleagues?.length === 0 ? html`<p>${t('guests.colleaguesNone')}</p>` : nothing}
        <ul class="plain people-list">${colleagues?.map(row)}</ul>
        <div class="button-row"><button class="button button-secondary" value="">${t('ui.cancel')}</button></div>
      </form>
    </dialog>`;
  }
}

function row({ accountId, displayName, state }: Colleague): TemplateResult {
  const [kind, text] = states[state];
  return html`<li class="people-row people-row-wide">
    ${avatar(displayName)}
    <div class="people-words"><strong>${displayName}</strong><span>${badge(kind, t(text))}</span></div>
    <div class="people-buttons">
      <button class="button button-secondary" value=${accountId} aria-label=${t('guests.askPerson', { name: displayName })}>${t('guests.ask')}</button>
    </div>
  </li>`;
}

customElements.define('gov-colleague-dialog', ColleagueDialog);
