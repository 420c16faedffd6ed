import { html, nothing, render, type TemplateResult } from 'lit';
import type { CoSigner, InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';
import { field } from '../ui/field.ts';

export interface ActQuestion {
  readonly heading: string;
  readonly text: string | null;
  readonly confirm: string;
  /** What may be chosen; none when the act has no role. */
  readonly roles: readonly InboxRole[];
  readonly role: InboxRole;
  /** Who else may sign, by name; null when nobody needs to. */
  readonly coSigners: (role: InboxRole) => readonly NamedCoSigner[] | null;
  /** A number that must have been compared with the person; null when something else vouches. */
  readonly comparison: string | null;
}

export interface NamedCoSigner {
  readonly coSigner: CoSigner;
  readonly name: string;
}

export interface ActAnswer {
  readonly role: InboxRole;
  readonly coSigner: NamedCoSigner | null;
}

/** Asks how an act is to be done: with which role, signed by whom besides. Null when the person thought better of it. */
export async function askAct(question: ActQuestion): Promise<ActAnswer | null> {
  const holder = document.createElement('div');
  document.body.append(holder);
  let { role } = question;
  let chosen = 0;
  const draw = (): void => {
    const choose = (next: InboxRole): void => {
      role = next;
      chosen = 0;
      draw();
    };
    render(dialogOf(question, { role, choose, onCoSigner: (index) => (chosen = index) }), holder);
  };
  draw();
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the question was not drawn');
  const answer = await showDialog(dialog);
  holder.remove();
  const coSigners = question.coSigners(role);
  if (answer !== 'confirm') return null;
  return { role, coSigner: coSigners?.[chosen] ?? null };
}

function dialogOf(
  question: ActQuestion,
  { role, choose, onCoSigner }: { role: InboxRole; choose: (role: InboxRole) => void; onCoSigner: (index: number) => void },
): TemplateResult {
  const { heading, text, confirm, roles, comparison } = question;
  const coSigners = question.coSigners(role);
  const isStuck = coSigners?.length === 0;
  return html`<dialog class="dialog" aria-labelledby="act-heading">
    <h2 id="act-heading" tabindex="-1">${heading}</h2>
    ${text === null ? nothing : html`<p>${text}</p>`}
    <form method="dialog">
      ${roles.length === 0 ? nothing : roleChoice(roles, role, choose)}
      ${comparison === null ? nothing : comparisonBox(comparison)}
      ${coSigners === null || isStuck ? nothing : coSignerChoice(coSigners, onCoSigner)}
      ${isStuck ? html`<p class="field-error">${t('team.noCoSigner')}</p>` : nothing}
      <div class="button-row">
        <button class="button" value="confirm" ?disabled=${isStuck}>${confirm}</button>
        <button class="button button-secondary" value="" formnovalidate>${t('ui.cancel')}</button>
      </div>
    </form>
  </dialog>`;
}

function roleChoice(roles: readonly InboxRole[], role: InboxRole, choose: (role: InboxRole) => void): TemplateResult {
  return html`<fieldset class="choices">
    <legend>${t('team.role')}</legend>
    ${roles.map(
      (one) => html`<label class="choice">
        <input type="radio" name="role" value=${one} .checked=${one === role} @change=${() => choose(one)} />
        <span><span class="team-role">${t(`team.${one}`)}</span> <span class="hint">${t(`team.${one}Hint`)}</span></span>
      </label>`,
    )}
  </fieldset>`;
}

function coSignerChoice(coSigners: readonly NamedCoSigner[], onCoSigner: (index: number) => void): TemplateResult {
  const choose = (event: Event): void => {
    if (event.target instanceof HTMLSelectElement) onCoSigner(event.target.selectedIndex);
  };
  return field(
    { id: 'act-co-signer', label: t('team.coSigner'), hint: t('team.coSignerHint') },
    ({ id, describedBy }) => html`<select class="input" id=${id} aria-describedby=${describedBy} @change=${choose}>
      ${coSigners.map(({ name }) => html`<option>${name}</option>`)}
    </select>`,
  );
}

/** The browser itself says what is missing: the form is not sent before the box is ticked. */
function comparisonBox(comparison: string): TemplateResult {
  return html`<p class="team-number figures">${comparison}</p>
    <label class="choice"><input type="checkbox" required /> <span>${t('team.compared')}</span></label>`;
}
