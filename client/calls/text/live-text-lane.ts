import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../../i18n/translate.ts';
import { announcer } from '../../ui/announcer.ts';
import { GovElement } from '../../ui/gov-element.ts';
import { WatchAll } from '../../ui/watch.ts';
import { captionLook } from './caption-look.ts';
import './caption-settings.ts';
import './live-text.css';
import type { LaneLine } from './lane-line.ts';
import { textConsent, type ConsentState } from './text-consent.ts';

/**
 * Live text: what one types all others see at once, letter by letter. No message, and not in the conversation. Only finished lines
 * are spoken: a reader that follows each letter stutters.
 */
export class LiveTextLane extends GovElement {
  static override properties = {
    lines: { attribute: false },
    canWrite: { attribute: false },
    consent: { attribute: false },
    onLine: { attribute: false },
    onEnd: { attribute: false },
    onAgree: { attribute: false },
    isAtEnd: { state: true },
  };
  declare lines: readonly LaneLine[];
  /** False while nothing goes out: what is typed waits. */
  declare canWrite: boolean;
  /** Null where nobody asks: a guest keeps nothing. */
  declare consent: ConsentState | null;
  /** My line reads this now. */
  declare onLine: (text: string) => void;
  declare onEnd: () => void;
  declare onAgree: (agrees: boolean) => void;
  declare isAtEnd: boolean;
  #spoken: ReadonlySet<string> | null = null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [captionLook]));
    this.lines = [];
    this.canWrite = true;
    this.consent = null;
    this.isAtEnd = true;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('lines')) this.#speak();
  }

  protected override updated(changed: PropertyValues<this>): void {
    const log = this.querySelector('.lane-log');
    if (changed.has('lines') && this.isAtEnd && log !== null) log.scrollTop = log.scrollHeight;
  }

  protected override render(): TemplateResult {
    const { size, colours } = captionLook.value;
    const shown = this.lines.filter(({ isOwn, isOpen, text }) => text !== '' && !(isOwn && isOpen));
    return html`<section class="lane" aria-labelledby="lane-title" data-size=${size} data-colours=${colours}>
      <h2 id="lane-title" class="panel-title">${t('calls.laneTitle')}</h2>
      <div class="lane-log" role="log" aria-live="off" aria-labelledby="lane-title" tabindex="0" @scroll=${this.#onScroll}>
        ${shown.length === 0 ? html`<p class="muted lane-empty">${t('calls.laneEmpty')}</p>` : nothing}
        <ol>${repeat(shown, ({ id }) => id, laneLine)}</ol>
      </div>
      <div class="lane-writing">
        <label class="label" for="lane-input">${t('calls.laneLabel')}</label>
        <textarea class="input" id="lane-input" rows="1" autocomplete="off" aria-describedby="lane-hint" @input=${this.#onInput} @keydown=${this.#onKey}></textarea>
        <button class="button button-secondary" @click=${this.#endLine}>${t('calls.laneEnd')}</button>
        <p class="hint" id="lane-hint">${this.canWrite ? t('calls.laneHint') : t('calls.laneClosed')}</p>
      </div>
      ${this.consent === null ? nothing : textConsent(this.consent, this.onAgree)}
      <gov-caption-settings></gov-caption-settings>
    </section>`;
  }

  /** Puts the cursor where one writes. */
  focusInput(): void {
    this.querySelector<HTMLElement>('#lane-input')?.focus();
  }

  /** Others' lines when they are finished; what was there before this page is history. */
  #speak(): void {
    const finished = this.lines.filter(({ isOpen, isOwn, text }) => !isOpen && !isOwn && text.trim() !== '');
    const before = this.#spoken;
    this.#spoken = new Set(finished.map(({ id }) => id));
    if (before === null) return;
    for (const { id, author, text } of finished) if (!before.has(id)) announcer().announce(t('calls.announceLine', { name: author, text }));
  }

  readonly #onInput = (event: Event): void => {
    if (!(event.target instanceof HTMLTextAreaElement)) return;
    // A pasted text may have several lines: each is one.
    const [first = '', ...rest] = event.target.value.split('\n');
    this.onLine(first);
    for (const line of rest) {
      this.onEnd();
      this.onLine(line);
    }
    if (rest.length > 0) event.target.value = rest.at(-1) ?? '';
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    this.#endLine();
  };

  readonly #endLine = (): void => {
    const input = this.querySelector<HTMLTextAreaElement>('#lane-input');
    if (input === null) return;
    if (input.value !== '') this.onEnd();
    input.value = '';
    input.focus();
  };

  readonly #onScroll = ({ target }: Event): void => {
    if (target instanceof Element) this.isAtEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 24;
  };
}

/** Who and what: also without colour or side. */
function laneLine({ author, text, isOwn, isOpen }: LaneLine): TemplateResult {
  return html`<li class=${isOwn ? 'lane-line lane-own' : 'lane-line'}>
    <span class="lane-author">${author}</span>
    <span class="lane-text">${text}${isOpen ? html`<span class="lane-cursor" aria-hidden="true"></span>` : nothing}</span>
  </li>`;
}

customElements.define('gov-live-text-lane', LiveTextLane);
