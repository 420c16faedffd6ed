import { html, nothing, type TemplateResult } from 'lit';
import circleCheck from 'lucide-static/icons/circle-check.svg?icon';
import { t } from '../../i18n/translate.ts';

/** Who wants to keep the live text: it is kept only when citizen and official both do. */
export interface ConsentState {
  readonly mine: boolean;
  readonly others: readonly { readonly name: string; readonly agrees: boolean }[];
}

/** The question, and who has agreed: both sides see the same. */
export function textConsent({ mine, others }: ConsentState, onAgree: (agrees: boolean) => void): TemplateResult {
  const isKept = mine && others.length > 0 && others.every(({ agrees }) => agrees);
  return html`<fieldset class="choices lane-consent">
    <legend class="visually-hidden">${t('calls.keepTitle')}</legend>
    <label class="choice">
      <input type="checkbox" .checked=${mine} @change=${(event: Event) => event.target instanceof HTMLInputElement && onAgree(event.target.checked)} />
      <span>${t('calls.keepText')}</span>
    </label>
    ${others.map(({ name, agrees }) => html`<p class="hint">${agrees ? t('calls.keepAgrees', { name }) : t('calls.keepNotYet', { name })}</p>`)}
    ${isKept ? html`<p class="lane-kept">${circleCheck}<span>${t('calls.keepBoth')}</span></p>` : nothing}
  </fieldset>`;
}
