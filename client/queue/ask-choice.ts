import { html, nothing, render, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';

interface ChoiceQuestion<Value extends string> {
  readonly heading: string;
  readonly text: string;
  readonly legend: string;
  readonly choices: readonly { readonly value: Value; readonly words: string; readonly hint?: string }[];
  readonly confirm: string;
}

/** Asks for one of several things in a dialog; nothing is chosen beforehand. Null when the person thought better of it. */
export async function askChoice<Value extends string>(question: ChoiceQuestion<Value>): Promise<Value | null> {
  const holder = document.createElement('div');
  document.body.append(holder);
  render(
    html`<dialog class="dialog" aria-labelledby="choice-heading" aria-describedby="choice-text">
      <h2 id="choice-heading" tabindex="-1">${question.heading}</h2>
      <p id="choice-text">${question.text}</p>
      <form method="dialog">
        <fieldset class="choices">
          <legend>${question.legend}</legend>
          ${question.choices.map((choice) => radio(choice))}
        </fieldset>
        <div class="button-row">
          <button class="button" value="confirm">${question.confirm}</button>
          <button class="button button-secondary" value="" formnovalidate>${t('ui.cancel')}</button>
        </div>
      </form>
    </dialog>`,
    holder,
  );
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the question was not drawn');
  const answer = await showDialog(dialog);
  const chosen = holder.querySelector<HTMLInputElement>('input[name=choice]:checked')?.value;
  holder.remove();
  return answer === 'confirm' ? (question.choices.find(({ value }) => value === chosen)?.value ?? null) : null;
}

function radio({ value, words, hint }: { readonly value: string; readonly words: string; readonly hint?: string }): TemplateResult {
  return html`<label class="choice">
    <input type="radio" name="choice" value=${value} required />
    <span>${words}${hint === undefined ? nothing : html`<br /><span class="hint">${hint}</span>`}</span>
  </label>`;
}
