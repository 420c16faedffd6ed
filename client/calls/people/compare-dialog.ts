import { html, nothing, render, type TemplateResult } from 'lit';
import { t } from '../../i18n/translate.ts';
import { showDialog } from '../../ui/dialog.ts';
import { callSymbol } from './call-symbols.ts';
import './compare-dialog.css';

export interface ComparedNumber {
  /** "123 456 789". */
  readonly digits: string;
  /** Places of five pictures, 0 … 63. */
  readonly symbols: readonly number[];
  /** Who sees the same. */
  readonly names: readonly string[];
  /** Whether the answer outlasts the call: a guest keeps nothing. */
  readonly isKept: boolean;
}

/** Shows the number of the call, to be compared by voice. Null: not now. */
export async function compareDialog(number: ComparedNumber): Promise<'same' | 'differs' | null> {
  const holder = document.createElement('div');
  document.body.append(holder);
  render(content(number), holder);
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the number was not drawn');
  const answer = await showDialog(dialog);
  holder.remove();
  return answer === 'same' || answer === 'differs' ? answer : null;
}

function content({ digits, symbols, names, isKept }: ComparedNumber): TemplateResult {
  return html`<dialog class="dialog" aria-labelledby="compare-title" aria-describedby="compare-text">
    <h2 id="compare-title" tabindex="-1">${t('safety.compareTitle')}</h2>
    <p id="compare-text">${t('safety.compareText')}</p>
    <p class="muted">${t('safety.compareWho', { names: names.join(', ') })}</p>
    <p class="compare-digits figures" role="group" aria-label=${t('safety.digitsLabel')}>${digits.split(' ').map((group) => html`<span>${group}</span> `)}</p>
    <ul class="compare-pictures" aria-label=${t('safety.picturesLabel')}>
      ${symbols.map(callSymbol).map(({ picture, name }) => html`<li><span class="compare-picture" aria-hidden="true">${picture}</span>${name}</li>`)}
    </ul>
    ${isKept ? html`<p class="hint">${t('safety.remembered')}</p>` : nothing}
    <form method="dialog" class="button-row">
      <button class="button" value="same">${t('safety.same')}</button>
      <button class="button button-danger" value="differs">${t('safety.differs')}</button>
      <button class="button button-secondary" value="">${t('safety.later')}</button>
    </form>
  </dialog>`;
}
