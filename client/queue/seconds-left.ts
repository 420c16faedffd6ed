import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';

/** How long a called person still has to answer, second by second. Silent: never a live region. */
export class SecondsLeft extends GovElement {
  static override properties = { until: { attribute: false }, clockAheadMs: { attribute: false } };
  /** By the server's clock, which is so far ahead of this device's. */
  declare until: number;
  declare clockAheadMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), 1_000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override render(): TemplateResult {
    const seconds = Math.max(0, Math.ceil((this.until - Date.now() - this.clockAheadMs) / 1_000));
    return html`<span role="timer" aria-live="off">${t('inbox.secondsLeft', { count: seconds })}</span>`;
  }
}

customElements.define('gov-seconds-left', SecondsLeft);
