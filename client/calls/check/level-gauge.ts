import { html, type TemplateResult } from 'lit';
import { t } from '../../i18n/translate.ts';
import type { Observable } from '../../net/observable.ts';
import { GovElement } from '../../ui/gov-element.ts';
import { WatchAll } from '../../ui/watch.ts';

/** How loud the microphone is, as a bar that moves. Silent to screen readers unless they look. */
export class LevelGauge extends GovElement {
  static override properties = { level: { attribute: false } };
  /** 0 … 1. */
  declare level: Observable<number>;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.level]));
  }

  protected override render(): TemplateResult {
    return html`<meter class="level" min="0" max="1" aria-label=${t('devices.level')} .value=${this.level.value}></meter>`;
  }
}

customElements.define('gov-level-gauge', LevelGauge);
