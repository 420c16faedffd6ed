import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { Watch } from '../ui/watch.ts';
import { lineStatus } from './line-status.ts';

/** A connection lost for this long is told to somebody who does not see the banner. */
const announceAfterMs = 10_000;

/** Says in words when the line to the server is down; says nothing while it is up. */
export class ConnectionBanner extends GovElement {
  readonly #line = new Watch(this, lineStatus);
  #shown: typeof lineStatus.value = null;
  #announcing: ReturnType<typeof setTimeout> | undefined;
  #announced = false;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#announcing);
  }

  protected override updated(): void {
    const state = this.#line.value;
    if (state === this.#shown) return;
    this.#shown = state;
    clearTimeout(this.#announcing);
    if (state === 'reconnecting' || state === 'offline') {
      if (!this.#announced) this.#announcing = setTimeout(() => this.#announceLoss(), announceAfterMs);
    } else if (this.#announced) {
      this.#announced = false;
      announcer().announce(t('shell.reconnected'));
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const state = this.#line.value;
    if (state !== 'reconnecting' && state !== 'offline') return nothing;
    return html`<section class="connection-banner" aria-label=${t('shell.connection')}><p class="frame">${t(`shell.${state}`)}</p></section>`;
  }

  #announceLoss(): void {
    const state = this.#line.value;
    if (state !== 'reconnecting' && state !== 'offline') return;
    this.#announced = true;
    announcer().announce(t(`shell.${state}`), { urgent: true });
  }
}

customElements.define('gov-connection-banner', ConnectionBanner);
