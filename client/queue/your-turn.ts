import { html, nothing, type TemplateResult } from 'lit';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import videoOff from 'lucide-static/icons/video-off.svg?icon';
import type { CallView } from '../../server/protocol/calls.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import type { QueueEntryView } from '../../server/protocol/queue.ts';
import { errorText } from '../i18n/error-text.ts';
import { findService, type KnownOffices } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { announcer } from '../ui/announcer.ts';
import { showDialog } from '../ui/dialog.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href, navigate } from '../ui/navigate.ts';
import { setTitleCall } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import './answer-clock.ts';
import { ring } from './chime.ts';
import type { MyEntries } from './my-entries.ts';
import './queue.css';
import { ringsAnew, type Ring } from './rings-anew.ts';
import { lostTurnText, secondsLeft } from './turn-words.ts';

/**
 * "It is your turn", on whichever page the citizen is: a dialog with sound and vibration; after "Not now" a bar that stays with the time
 * that is left; and when the turn was lost, what happened.
 */
export class YourTurn extends GovElement {
  static override properties = {
    entries: { attribute: false },
    offices: { attribute: false },
    findCall: { attribute: false },
    currentPath: { attribute: false },
    caller: { state: true },
    failure: { state: true },
    closedAt: { state: true },
  };
  declare entries: MyEntries;
  declare offices: Observable<KnownOffices>;
  /** The running call, to say who is calling; null when it is over already. */
  declare findCall: (callId: CallId) => Promise<CallView | null>;
  /** The page's address without the language: what the page itself tells is not told twice. */
  declare currentPath: string;
  declare caller: string | null;
  declare failure: string | null;
  /** `calledAt` of the lost turn whose bar was closed. */
  declare closedAt: number | null;
  /** The ring that has been told of: once is enough. */
  #told: Ring | null = null;
  #stopRinging: (() => void) | null = null;
  /** The lost turn that has been said aloud, or was there before this page; undefined before the first look. */
  #saidLostAt: number | null | undefined;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.entries.state, this.offices]));
    this.caller = null;
    this.failure = null;
    this.closedAt = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopRinging?.();
    setTitleCall(null);
  }

  protected override updated(): void {
    const entry = this.#called;
    if (entry === undefined) this.#dialog?.close();
    else if (ringsAnew(this.#told, entry)) void this.#tell(entry);
    if (entry !== undefined) this.#told = entry;
    setTitleCall(entry === undefined ? null : t('queue.turnPrefix'));
    this.#sayLostTurn();
  }

  protected override render(): TemplateResult {
    return html`${this.#dialogOf(this.#called)} ${this.#bar()}`;
  }

  get #all(): readonly QueueEntryView[] {
    return this.entries.state.value.entries;
  }

  /** The entry that is being called, unless its call's page is open already. */
  get #called(): QueueEntryView | undefined {
    return this.#all.find(({ state, callId }) => state === 'called' && callId !== null && !this.#isAt(`/calls/${callId}`));
  }

  /** The entry that is being called, on the page where its citizen still chooses how to join. */
  get #joining(): QueueEntryView | undefined {
    const hasChosen = new URLSearchParams(location.search).has('join');
    return this.#all.find(({ state, callId }) => state === 'called' && this.#isAt(`/calls/${callId}`) && !hasChosen);
  }

  /** A call the citizen has answered and is not looking at: he went elsewhere, or answered on another device. */
  get #running(): QueueEntryView | undefined {
    return this.#all.find(({ state, callId }) => state === 'accepted' && callId !== null && !this.#isAt(`/calls/${callId}`));
  }

  get #lost(): QueueEntryView | undefined {
    return this.#all.find((entry) => lostTurnText(entry) !== null && entry.lostTurn?.outcome !== 'passed');
  }

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector('dialog');
  }

  #isAt(path: string): boolean {
    return this.currentPath === path;
  }

  #dialogOf(entry: QueueEntryView | undefined): TemplateResult {
    return html`<dialog class="dialog" role="alertdialog" aria-labelledby="turn-title" aria-describedby="turn-text">
      <h2 id="turn-title" tabindex="-1">${this.#title(entry)}</h2>
      <div id="turn-text">
        <p>${t('queue.callingText', { ticket: entry?.ticketNumber ?? '' })}</p>
        ${entry === undefined ? nothing : html`<p><strong class="figures">${this.#clock(entry, true)}</strong></p>`}
      </div>
      ${this.failure === null ? nothing : html`<p class="field-error">${this.failure}</p>`}
      <form method="dialog" class="button-row turn-answers">
        <button class="button" value="audio,video">${video}${t('queue.answerVideo')}</button>
        <button class="button button-secondary" value="audio">${videoOff}${t('queue.answerAudio')}</button>
        <button class="button button-secondary" value="none">${messageSquare}${t('queue.answerText')}</button>
        <button class="button button-quiet" value="">${t('queue.notNow')}</button>
      </form>
      ${entry === undefined ? nothing : this.#moreTime(entry)}
    </dialog>`;
  }

  /** What is asked of the office, apart from the answers: more time, or to let somebody else go first. */
  #moreTime(entry: QueueEntryView): TemplateResult {
    const parks = entry.missedTurns + 1 >= limits.missedTurns;
    return html`<div class="turn-more">
      ${
        entry.extended
          ? html`<p class="hint">${t('queue.noMoreTime')}</p>`
          : html`<button class="button button-secondary" @click=${() => void this.#extend(entry)}>${t('queue.moreTime')}</button>`
      }
      <button class="button button-secondary" aria-describedby="turn-pass" @click=${() => void this.#pass(entry)}>${t('queue.letNext')}</button>
      <p class="hint" id="turn-pass">${parks ? t('queue.letNextParks') : t('queue.letNextHint')}</p>
    </div>`;
  }

  #bar(): TemplateResult | typeof nothing {
    const [called, joining, running, lost] = [this.#called, this.#joining, this.#running, this.#lost];
    if (called !== undefined) {
      return turnBar(
        t('queue.turnPrefix'),
        html`<span><strong>${this.#title(called)}</strong> <span class="figures">${this.#clock(called, false)}</span></span>
          <button class="button" @click=${() => void this.#open(called)}>${video}${t('queue.answer')}</button>`,
      );
    }
    if (joining !== undefined) {
      return turnBar(
        t('queue.turnPrefix'),
        html`<span class="figures">${this.#clock(joining, true)}</span>
          ${joining.extended ? nothing : html`<button class="button button-secondary" @click=${() => void this.#extend(joining)}>${t('queue.moreTime')}</button>`}`,
      );
    }
    if (running !== undefined) {
      return turnBar(
        t('queue.turnPrefix'),
        html`<strong>${t('queue.callGoesOn')}</strong>
          <a class="button" href=${href(`/calls/${running.callId ?? ''}`)}>${video}${t('queue.toCall')}</a>`,
      );
    }
    if (lost === undefined || this.#isAt(`/queue/${lost.entryId}`) || this.closedAt === (lost.lostTurn?.calledAt ?? 0)) return nothing;
    return turnBar(
      t('queue.ticketLabel'),
      html`<span>${lostTurnText(lost)}</span>
        <span class="turn-bar-actions">
          <a class="button" href=${href(`/queue/${lost.entryId}`)}>${t('queue.toLine')}</a>
          <button class="button button-quiet" @click=${() => (this.closedAt = lost.lostTurn?.calledAt ?? 0)}>${t('ui.close')}</button>
        </span>`,
      true,
    );
  }

  #clock(entry: QueueEntryView, speaks: boolean): TemplateResult {
    return html`<gov-answer-clock .entry=${entry} .clock=${this.entries.clock} .speaks=${speaks}></gov-answer-clock>`;
  }

  #title(entry: QueueEntryView | undefined): string {
    const service = entry === undefined ? null : findService(this.offices.value.offices, entry.serviceId);
    const office = service?.office.name[locale()] ?? '';
    return this.caller === null ? t('queue.callingOffice', { office }) : t('queue.callingTitle', { name: this.caller, office });
  }

  async #tell(entry: QueueEntryView): Promise<void> {
    if (entry.callId === null) return;
    this.#stopRinging?.();
    const call = await this.findCall(entry.callId).catch(() => null);
    this.caller = call?.official.displayName ?? null;
    await this.updateComplete;
    const called = this.#called;
    if (called?.callId !== entry.callId) return;
    this.#stopRinging = ring();
    await this.#open(called, true);
  }

  /** The dialog, until it is answered, put off or pointless. */
  async #open(entry: QueueEntryView, isNews = false): Promise<void> {
    const dialog = this.#dialog;
    if (dialog === null || dialog.open) return;
    this.failure = null;
    const answered = showDialog(dialog);
    // The dialog speaks for itself from here on: the page behind it is silent.
    if (isNews) announcer().announce(this.#title(entry), { urgent: true });
    const answer = await answered;
    this.#stopRinging?.();
    if (answer !== '') navigate(`/calls/${entry.callId}?join=${answer}`);
  }

  async #extend({ entryId }: QueueEntryView): Promise<void> {
    await this.#try(async () => {
      const entry = await this.entries.extend(entryId);
      const left = t('queue.secondsLeft', { count: secondsLeft(entry, this.entries.clock.now()) });
      announcer().announce(t('queue.moreTimeGiven', { left }));
      // The button that had the focus is gone.
      await this.updateComplete;
      if (this.#dialog?.open === true) this.querySelector<HTMLElement>('h2')?.focus();
    });
  }

  async #pass({ entryId }: QueueEntryView): Promise<void> {
    await this.#try(async () => {
      await this.entries.pass(entryId);
      const entry = this.entries.find(entryId);
      announcer().announce((entry && lostTurnText(entry)) ?? t('queue.letNextHint'));
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.failure = null;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.failure = t('queue.answerFailed', { reason: errorText(error.code) });
      announcer().announce(this.failure);
    }
  }

  /** A turn that was lost while somebody looks is said at once; one of before is only shown. */
  #sayLostTurn(): void {
    if (!this.entries.state.value.loaded) return;
    const lost = this.#lost;
    const at = lost?.lostTurn?.calledAt ?? null;
    const before = this.#saidLostAt;
    this.#saidLostAt = at;
    if (before === undefined || at === null || at === before || lost === undefined) return;
    announcer().announce(lostTurnText(lost) ?? '', { urgent: true });
  }
}

function turnBar(label: string, content: TemplateResult, isLost = false): TemplateResult {
  return html`<section class=${isLost ? 'turn-bar turn-bar-lost' : 'turn-bar'} aria-label=${label}><div class="frame turn-bar-words">${content}</div></section>`;
}

customElements.define('gov-your-turn', YourTurn);
