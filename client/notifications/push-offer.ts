import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import bell from 'lucide-static/icons/bell-ring.svg?icon';
import { limits } from '../../server/protocol/limits.ts';
import { locale, t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Push, PushState } from './push.ts';

const obstacles = {
  refused: 'notices.refused',
  unsupported: 'notices.unsupported',
  iphone: 'notices.iphone',
  failed: 'notices.failed',
} as const;

/** "Tell me when it is my turn", and what comes of it. On a device that is not the person's own it is left out. */
export class PushOffer extends GovElement {
  static override properties = { push: { attribute: false } };
  declare push: Push;
  #told: PushState | null = null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.push.state]));
  }

  protected override firstUpdated(): void {
    this.#told = this.push.state.value;
    void this.push.renew(locale());
  }

  protected override updated(_changed: PropertyValues<this>): void {
    const state = this.push.state.value;
    if (state === this.#told) return;
    // What the person's own click has led to; a page that is only drawn says nothing.
    if (this.#told === 'asking') announcer().announce(wordsOf(state).join(' '));
    this.#told = state;
  }

  protected override render(): TemplateResult {
    const state = this.push.state.value;
    const isOn = state === 'on';
    const canAsk = state === 'off' || state === 'asking' || state === 'failed';
    return html`<div class="push-offer">
      ${wordsOf(state).map((words) => html`<p>${words}</p>`)}
      ${
        canAsk
          ? html`<button class="button button-secondary" aria-disabled=${state === 'asking' ? 'true' : nothing} @click=${this.#turnOn}>
              ${bell}${t(state === 'asking' ? 'notices.asking' : 'notices.tellMe')}
            </button>`
          : nothing
      }
      ${isOn ? html`<button class="button button-quiet" @click=${() => void this.push.turnOff()}>${t('notices.turnOff')}</button>` : nothing}
    </div>`;
  }

  readonly #turnOn = (): void => void this.push.turnOn(locale());
}

function wordsOf(state: PushState): readonly string[] {
  if (state === 'off' || state === 'asking') return [];
  if (state !== 'on') return [t(obstacles[state])];
  return [t('notices.on'), t('notices.keepPlace', { minutes: limits.absenceGraceWithPushMs / 60_000 }), t('notices.content')];
}

customElements.define('gov-push-offer', PushOffer);
