import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';

/** What a control needs to be tied to its label, hint and error. */
export interface ControlAttributes {
  readonly id: string;
  /** Ids for `aria-describedby`; use with `ifDefined`-like `?? nothing`. */
  readonly describedBy: string | typeof nothing;
  readonly invalid: 'true' | typeof nothing;
}

/** A label above, then hint and error, then the control, tied together. `labelIsHeading` makes the label the page's h1. */
export function field(
  {
    id,
    label,
    hint,
    error,
    optional = false,
    labelIsHeading = false,
  }: {
    id: string;
    label: string;
    hint?: string | undefined;
    error?: string | undefined;
    optional?: boolean;
    labelIsHeading?: boolean;
  },
  control: (attributes: ControlAttributes) => TemplateResult,
): TemplateResult {
  const described = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].filter((part) => part !== '');
  const words = html`<label class="label" for=${id}>${label}${optional ? html` <span class="muted">(${t('ui.optional')})</span>` : nothing}</label>`;
  return html`<div class=${error === undefined ? 'field' : 'field field-invalid'}>
    ${labelIsHeading ? html`<h1>${words}</h1>` : words}
    ${hint === undefined ? nothing : html`<p class="hint" id="${id}-hint">${hint}</p>`}
    ${error === undefined ? nothing : html`<p class="field-error" id="${id}-error"><span class="visually-hidden">${t('ui.errorPrefix')}: </span>${error}</p>`}
    ${control({ id, describedBy: described.length > 0 ? described.join(' ') : nothing, invalid: error === undefined ? nothing : 'true' })}
  </div>`;
}
