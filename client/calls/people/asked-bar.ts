import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { CallView } from '../../../server/protocol/calls.ts';
import type { AccountId, CallId } from '../../../server/protocol/ids.ts';
import { t } from '../../i18n/translate.ts';
import { askWhenBack, type Line } from '../../net/ask-when-back.ts';
import { RequestError } from '../../net/request-error.ts';
import { announcer } from '../../ui/announcer.ts';
import { GovElement } from '../../ui/gov-element.ts';
import { href } from '../../ui/navigate.ts';
import './asked-bar.css';

/** A colleague asks this official into a call: said on every page, until he comes, declines, or the call is over. */
export class AskedBar extends GovElement {
  static override properties = {
    line: { attribute: false },
    accountId: { attribute: false },
    currentPath: { attribute: false },
    calls: { state: true },
  };
  declare line: Line;
  declare accountId: AccountId;
  /** Of the page that is shown, without the language: nobody is asked into the call he is looking at. */
  declare currentPath: string;
  declare calls: readonly CallView[];
  #stops: readonly (() => void)[] = [];
  /** Told of since the list was last asked for: its answer may be older. */
  readonly #told = new Set<CallId>();

  constructor() {
    super();
    this.calls = [];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('line')) this.#listen();
  }

  protected override render(): TemplateResult | typeof nothing {
    const [call] = this.calls.filter(({ callId }) => !this.currentPath.endsWith(`/calls/${callId}`));
    if (call === undefined) return nothing;
    const text = t('guests.asksYou', { name: call.official.displayName });
    return html`<aside class="asked-bar" aria-label=${text}>
      <p>${text}</p>
      <p class="button-row">
        <a class="button" href=${href(`/calls/${call.callId}`)}>${t('guests.joinCall')}</a>
        <button class="button button-secondary" @click=${() => void this.#decline(call.callId)}>${t('guests.notNow')}</button>
      </p>
    </aside>`;
  }

  #listen(): void {
    for (const stop of this.#stops) stop();
    const { on, request } = this.line;
    this.#stops = [
      on('call:changed', ({ call }) => {
        this.#told.add(call.callId);
        this.#put(call);
      }),
      askWhenBack(this.line, async () => {
        this.#told.clear();
        const { calls } = await request('call:list-mine', {});
        for (const call of calls) if (!this.#told.has(call.callId)) this.#put(call);
      }).stop,
    ];
  }

  #put(call: CallView): void {
    const known = this.calls.some(({ callId }) => callId === call.callId);
    const others = this.calls.filter(({ callId }) => callId !== call.callId);
    const isAsked = call.state !== 'ended' && call.asked.includes(this.accountId);
    this.calls = isAsked ? [...others, call] : others;
    if (isAsked && !known) announcer().announce(t('guests.asksYou', { name: call.official.displayName }));
  }

  async #decline(callId: CallId): Promise<void> {
    this.calls = this.calls.filter((call) => call.callId !== callId);
    try {
      await this.line.request('call:leave', { callId });
    } catch (error) {
      // Whoever asked sees that nobody comes; the call ends without this page.
      if (!(error instanceof RequestError)) throw error;
    }
  }
}

customElements.define('gov-asked-bar', AskedBar);
