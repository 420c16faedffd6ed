import { html, nothing, type TemplateResult } from 'lit';
import phone from 'lucide-static/icons/phone.svg?icon';
import userCheck from 'lucide-static/icons/user-check.svg?icon';
import type { CallId } from '../../server/protocol/ids.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href, navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { type Desk, type DeskState, nextPresent } from './desk.ts';
import './desk.css';

/** An official's availability and "Take next", which F8 presses too; what went wrong in words. */
export class DeskBar extends GovElement {
  static override properties = { desk: { attribute: false }, callPath: { attribute: false } };
  declare desk: Desk;
  /** Where a call is, without the language. */
  declare callPath: (callId: CallId) => string;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.desk.state]));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('keydown', this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('keydown', this.#onKey);
  }

  protected override render(): TemplateResult {
    const state = this.desk.state.value;
    return html`<div class="desk-bar">
      ${state.failure === null ? nothing : failureNotice(state.failure)}
      <button class="switch" role="switch" aria-checked=${state.available ? 'true' : 'false'} @click=${this.#toggle}>
        <span class="switch-track" aria-hidden="true"></span>${t('inbox.availability')}
        <span class="switch-state" aria-hidden="true">${t(state.available ? 'inbox.on' : 'inbox.off')}</span>
      </button>
      ${state.call === null ? this.#takeNext(state) : backToCall(this.callPath(state.call.callId))}
    </div>`;
  }

  #takeNext(state: DeskState): TemplateResult {
    const obstacle = obstacleTo(state);
    return html`<div class="take-next">
      <button
        class="button"
        aria-disabled=${obstacle === null && state.accepting === null ? nothing : 'true'}
        aria-keyshortcuts="F8"
        aria-describedby="take-next-hint"
        @click=${this.#take}
      >
        ${userCheck}<span>${t('inbox.takeNext')}${waitingWords(state)}</span>
      </button>
      <span class=${obstacle === null ? 'take-next-hint key-hint meta' : 'take-next-hint meta'} id="take-next-hint">${obstacle ?? t('inbox.takeNextKey')}</span>
    </div>`;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'F8' || event.repeat || event.ctrlKey || event.altKey || event.shiftKey || event.metaKey) return;
    event.preventDefault();
    void this.#take();
  };

  readonly #toggle = async (): Promise<void> => {
    if (!(await this.desk.setAvailable(!this.desk.state.value.available))) return;
    announcer().announce(t(this.desk.state.value.available ? 'inbox.nowAvailable' : 'inbox.nowUnavailable'));
  };

  readonly #take = async (): Promise<void> => {
    const state = this.desk.state.value;
    const obstacle = obstacleTo(state);
    const next = nextPresent(state.entries);
    if (obstacle !== null || next === null) {
      announcer().announce(obstacle ?? t('inbox.nobodyWaits'));
      return;
    }
    const callId = await this.desk.accept(next.entryId);
    if (callId !== null) navigate(this.callPath(callId));
  };
}

/** Why nobody can be taken now, in words; null when somebody can. */
function obstacleTo({ call, entries, available }: DeskState): string | null {
  if (call !== null) return t('inbox.inCall');
  if (entries.length === 0) return t('inbox.nobodyWaits');
  if (!available) return t('inbox.beAvailable');
  return nextPresent(entries) === null ? t('inbox.nobodyPresent') : null;
}

function waitingWords({ entries }: DeskState): string {
  if (entries.length === 0) return '';
  const longestMs = Math.max(0, Date.now() - Math.min(...entries.map(({ joinedAt }) => joinedAt)));
  return ` (${t('inbox.takeNextWaiting', { count: entries.length, duration: fmt.duration(longestMs) })})`;
}

function backToCall(path: string): TemplateResult {
  return html`<div class="take-next">
    <a class="button" href=${href(path)}>${phone}${t('inbox.backToCall')}</a>
    <span class="take-next-hint meta">${t('inbox.inCall')}</span>
  </div>`;
}

/** Two who accept at once is the usual case, and gets its own words. */
function failureNotice(code: NonNullable<DeskState['failure']>): TemplateResult {
  const text = code === 'conflict' ? t('inbox.quicker') : errorText(code);
  return notice({ kind: 'warning', heading: t('inbox.takeFailed'), body: html`<p>${text}</p>`, outcome: true });
}

customElements.define('gov-desk-bar', DeskBar);
