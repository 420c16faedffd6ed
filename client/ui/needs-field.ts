import { html, nothing, type TemplateResult } from 'lit';
import { needs, type Need } from '../../server/protocol/queue.ts';
import { t } from '../i18n/translate.ts';

/** What somebody needs to be served, to be ticked; none is an answer too. The area `needs` is loaded. */
export function needsField({
  stated,
  remembered,
  onChange,
}: {
  stated: readonly Need[];
  /** Whether it is filled in from the last time. */
  remembered: boolean;
  onChange: (stated: readonly Need[]) => void;
}): TemplateResult {
  const toggle = (need: Need): void => onChange(needs.filter((each) => (each === need) !== stated.includes(each)));
  return html`<fieldset class="choices" aria-describedby="needs-hint">
    <legend>${t('needs.legend')} <span class="muted">(${t('ui.optional')})</span></legend>
    <p class="hint" id="needs-hint">${t('needs.hint')}${remembered && stated.length > 0 ? html`<br />${t('needs.remembered')}` : nothing}</p>
    ${needs.map(
      (need) =>
        html`<label class="choice">
          <input type="checkbox" name="needs" value=${need} .checked=${stated.includes(need)} @change=${() => toggle(need)} />
          <span>${t(`needs.${need}`)}</span>
        </label>`,
    )}
  </fieldset>`;
}

/** "Somebody who interprets, Sign language (DGS)"; in words also when there is none. */
export function needsText(stated: readonly Need[]): string {
  return stated.length === 0 ? t('needs.none') : stated.map((need) => t(`needs.${need}`)).join(', ');
}
