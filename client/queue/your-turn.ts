import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import videoOff from 'lucide-static/icons/video-off.svg?icon';
import type { CallView } from '../../server/protocol/calls.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import type { QueueEntryView } from '../../server/protocol/queue.ts';
import { findService, type KnownOffices } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { announcer } from '../ui/announcer.ts';
import { showDialog } from '../ui/dialog.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href, navigate } from '../ui/navigate.ts';
import { setTitlePrefix } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import { ring } from './chime.ts';
import type { MyEntries } from './my-entries.ts';
import './queue.css';

/** "It is your turn", on whichever page the citizen is: a dialog with sound and vibration; after "Not now" a bar that stays. */
export class YourTurn extends GovElement {
  static override properties = {
    entries: { attribute: false },
    offices: { attribute: false },
    findCall: { attribute: false },
    currentPath: { attribute: false },
    caller: { state: true },
  };
  declare entries: MyEntries;
  declare offices: Observable<KnownOffices>;
  /** The running call, to say who is calling; null when it is over already. */
  declare findCall: (callId: CallId) => Promise<CallView | null>;
  /** The page's address without the language: on the call's own page there is nothing to tell. */
  declare currentPath: string;
  declare caller: string | null;
  /** The call that has been told of: once is enough. */
  #told: CallId | null = null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.entries.state, this.offices]));
    this.caller = null;
  }

  protected override updated(_changed: PropertyValues<this>): void {
    const entry = this.#calling;
    if (entry === undefined) this.#dialog?.close();
    else if (entry.callId !== this.#told) void this.#tell(entry);
  }

  protected override render(): TemplateResult {
    const entry = this.#calling;
    return html`<dialog class="dialog" role="alertdialog" aria-labelledby="turn-title" aria-describedby="turn-text">
        <h2 id="turn-title" tabindex="-1">${this.#title(entry)}</h2>
        <p id="turn-text">${t('queue.callingText', { ticket: entry?.ticketNumber ?? '' })}</p>
        <form method="dialog" class="button-row turn-answers">
          <button class="button" value="audio,video">${video}${t('queue.answerVideo')}</button>
          <button class="button button-secondary" value="audio">${videoOff}${t('queue.answerAudio')}</button>
          <button class="button button-secondary" value="none">${messageSquare}${t('queue.answerText')}</button>
          <button class="button button-quiet" value="">${t('queue.notNow')}</button>
        </form>
      </dialog>
      ${
        entry === undefined
          ? nothing
          : html`<section class="turn-bar" aria-label=${t('queue.turnPrefix')}>
            <p class="frame">
              <strong>${this.#title(entry)}</strong>
              <a class="button" href=${href(`/calls/${entry.callId ?? ''}`)}>${video}${t('queue.toCall')}</a>
            </p>
          </section>`
      }`;
  }

  /** The accepted entry whose call the citizen is not in, as far as this page can tell. */
  get #calling(): QueueEntryView | undefined {
    if (this.currentPath.startsWith('/calls/')) return undefined;
    return this.entries.state.value.entries.find(({ state, callId }) => state === 'accepted' && callId !== null);
  }

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector('dialog');
  }

  #title(entry: QueueEntryView | undefined): string {
    const service = entry === undefined ? null : findService(this.offices.value.offices, entry.serviceId);
    const office = service?.office.name[locale()] ?? '';
    return this.caller === null ? t('queue.callingOffice', { office }) : t('queue.callingTitle', { name: this.caller, office });
  }

  async #tell(entry: QueueEntryView): Promise<void> {
    if (entry.callId === null) return;
    this.#told = entry.callId;
    const call = await this.findCall(entry.callId).catch(() => null);
    this.caller = call?.official.displayName ?? null;
    await this.updateComplete;
    const dialog = this.#dialog;
    if (dialog === null || this.#calling === undefined) return;
    setTitlePrefix(t('queue.turnPrefix'));
    const stopRinging = ring();
    const answered = showDialog(dialog);
    announcer().announce(this.#title(entry), { urgent: true });
    const answer = await answered;
    stopRinging();
    setTitlePrefix(null);
    if (answer !== '') navigate(`/calls/${entry.callId}?join=${answer}`);
  }
}

customElements.define('gov-your-turn', YourTurn);
