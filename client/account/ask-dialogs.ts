import { html, render, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';
import { field } from '../ui/field.ts';

/** A name has as many bytes as a sealed label can hold. */
const nameBytes = 64;
const nameField = 'asked-name';

/** Asks what something is to be called: the name, maybe empty, or null when the person would rather not. */
export async function askName(question: {
  readonly heading: string;
  readonly text?: string;
  readonly value: string;
  readonly confirm: string;
}): Promise<string | null> {
  const draw = (error: string | undefined) =>
    html`<dialog class="dialog" aria-labelledby="ask-heading">
      <form method="dialog" @submit=${check}>
        <h2 id="ask-heading" tabindex="-1">${question.heading}</h2>
        ${question.text === undefined ? '' : html`<p>${question.text}</p>`}
        ${field(
          { id: nameField, label: t('security.nameLabel'), hint: t('security.nameHint'), error, optional: true },
          ({ id, describedBy, invalid }) =>
            html`<input class="input" id=${id} autocomplete="off" aria-describedby=${describedBy} aria-invalid=${invalid} .defaultValue=${question.value} />`,
        )}
        <p class="button-row">
          <button class="button" value="confirm">${question.confirm}</button>
          <button class="button button-secondary" value="" >${t('ui.cancel')}</button>
        </p>
      </form>
    </dialog>`;
  const check = (event: SubmitEvent): void => {
    const isAgreed = event.submitter instanceof HTMLButtonElement && event.submitter.value === 'confirm';
    if (!isAgreed || new TextEncoder().encode(nameIn(holder)).length <= nameBytes) return;
    event.preventDefault();
    render(draw(t('security.nameTooLong')), holder);
    holder.querySelector('input')?.focus();
  };
  const holder = document.createElement('div');
  const answer = await show(holder, draw(undefined));
  const name = nameIn(holder);
  holder.remove();
  return answer === 'confirm' ? name : null;
}

/** Asks before something that weighs. The value of the pressed choice, or "" for none. */
export async function askChoice(question: {
  readonly heading: string;
  readonly text: string;
  readonly choices: readonly { readonly value: string; readonly label: string; readonly danger?: boolean }[];
}): Promise<string> {
  const holder = document.createElement('div');
  const answer = await show(
    holder,
    html`<dialog class="dialog" aria-labelledby="choice-heading" aria-describedby="choice-text">
      <h2 id="choice-heading" tabindex="-1">${question.heading}</h2>
      <p id="choice-text">${question.text}</p>
      <form method="dialog" class="button-row">
        ${question.choices.map(
          ({ value, label, danger = false }) =>
            html`<button class=${danger ? 'button button-danger' : 'button'} value=${value}>${label}</button>`,
        )}
        <button class="button button-secondary" value="">${t('ui.cancel')}</button>
      </form>
    </dialog>`,
  );
  holder.remove();
  return answer;
}

async function show(holder: HTMLElement, dialog: TemplateResult): Promise<string> {
  document.body.append(holder);
  render(dialog, holder);
  const element = holder.querySelector('dialog');
  if (element === null) throw new Error('the question was not drawn');
  return await showDialog(element);
}

function nameIn(holder: HTMLElement): string {
  return holder.querySelector('input')?.value.trim() ?? '';
}
