import { html, nothing, type TemplateResult } from 'lit';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';

const tickMs = 5_000;
const soonMs = 2 * 60_000;

/** How long a hold still lasts, in words; calls `onOver` once when it ends, and offers to hold it longer. */
export class HoldClock extends GovElement {
  static override properties = { until: { attribute: false }, onExtend: { attribute: false }, onOver: { attribute: false } };
  /** Milliseconds since 1970. */
  declare until: number;
  declare onExtend: () => void;
  declare onOver: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #warnedFor = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override render(): TemplateResult {
    const leftMs = Math.max(0, this.until - Date.now());
    return html`<p class="hold-clock">
      ${t('appointments.holdLeft', { time: fmt.time(this.until), left: fmt.duration(leftMs) })}
      ${leftMs > soonMs ? nothing : html`<strong>${t('appointments.holdSoon')}</strong>`}
      <button class="button button-quiet" @click=${() => this.onExtend()}>${t('appointments.extend')}</button>
    </p>`;
  }

  #tick(): void {
    const leftMs = this.until - Date.now();
    if (leftMs <= 0) {
      clearInterval(this.#timer);
      this.onOver();
      return;
    }
    if (leftMs <= soonMs && this.#warnedFor !== this.until) {
      this.#warnedFor = this.until;
      announcer().announce(t('appointments.holdSoon'));
    }
    this.requestUpdate();
  }
}

customElements.define('gov-hold-clock', HoldClock);
