import { html, type TemplateResult } from 'lit';
import { t } from '../../i18n/translate.ts';
import { GovElement } from '../../ui/gov-element.ts';
import { WatchAll } from '../../ui/watch.ts';
import { captionColours, captionLook, captionSizes, chooseCaptionLook } from './caption-look.ts';

const sizeTexts = { normal: 'calls.sizeNormal', large: 'calls.sizeLarge', huge: 'calls.sizeHuge' } as const;
const colourTexts = {
  page: 'calls.coloursPage',
  'white-on-black': 'calls.coloursWhite',
  'yellow-on-black': 'calls.coloursYellow',
  'black-on-white': 'calls.coloursBlack',
} as const;

/** Size and colours of live text and captions. */
export class CaptionSettings extends GovElement {
  constructor() {
    super();
    this.addController(new WatchAll(this, () => [captionLook]));
  }

  protected override render(): TemplateResult {
    const { size, colours } = captionLook.value;
    return html`<details class="caption-settings">
      <summary>${t('calls.lookTitle')}</summary>
      <div class="field">
        <label class="label" for="caption-size">${t('calls.lookSize')}</label>
        <select class="input" id="caption-size" @change=${choose(captionSizes, (chosen) => chooseCaptionLook({ size: chosen }))}>
          ${captionSizes.map((each) => html`<option value=${each} ?selected=${each === size}>${t(sizeTexts[each])}</option>`)}
        </select>
      </div>
      <div class="field">
        <label class="label" for="caption-colours">${t('calls.lookColours')}</label>
        <select class="input" id="caption-colours" @change=${choose(captionColours, (chosen) => chooseCaptionLook({ colours: chosen }))}>
          ${captionColours.map((each) => html`<option value=${each} ?selected=${each === colours}>${t(colourTexts[each])}</option>`)}
        </select>
      </div>
    </details>`;
  }
}

function choose<Value extends string>(values: readonly Value[], onChoice: (value: Value) => void): (event: Event) => void {
  return ({ target }) => {
    const chosen = target instanceof HTMLSelectElement ? values.find((each) => each === target.value) : undefined;
    if (chosen !== undefined) onChoice(chosen);
  };
}

customElements.define('gov-caption-settings', CaptionSettings);
