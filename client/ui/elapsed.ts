import { html, type TemplateResult } from 'lit';
import { fmt } from '../i18n/fmt.ts';
import { GovElement } from './gov-element.ts';

/** How long ago `since` (ms since 1970) was, in minutes, kept up to date. Silent: never a live region. */
export class Elapsed extends GovElement {
  static override properties = { since: { attribute: false } };
  declare since: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override updated(): void {
    clearTimeout(this.#timer);
    const untilNextMinute = 60_000 - ((Date.now() - this.since) % 60_000);
    if (this.isConnected) this.#timer = setTimeout(() => this.requestUpdate(), untilNextMinute);
  }

  protected override render(): TemplateResult {
    return html`<time datetime=${fmt.iso(this.since)}>${fmt.duration(Math.max(0, Date.now() - this.since))}</time>`;
  }
}

customElements.define('gov-elapsed', Elapsed);
