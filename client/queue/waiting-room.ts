import { html, nothing, type TemplateResult } from 'lit';
import bell from 'lucide-static/icons/bell.svg?icon';
import bellOff from 'lucide-static/icons/bell-off.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import type { AppointmentId, ConversationId, QueueEntryId } from '../../server/protocol/ids.ts';
import type { Need, QueueEntryView, Readiness } from '../../server/protocol/queue.ts';
import { errorText } from '../i18n/error-text.ts';
import { findService, type KnownOffices } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { confirmDialog } from '../ui/dialog.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { setTitlePrefix } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import { isChimeOn, setChime } from './chime.ts';
import type { MyEntries } from './my-entries.ts';
import './needs-card.ts';
import { PlaceAnnouncer } from './place-announcer.ts';
import './queue.css';
import { lostTurnText } from './turn-words.ts';
import { finishedTicket, parkedTicket, waitingTicket, whileYouWait } from './waiting-ticket.ts';

/** The citizen's place in the line, honest about the wait; and the conversation, to write meanwhile. */
export class WaitingRoom extends GovPage {
  static override properties = {
    entryId: { attribute: false },
    entries: { attribute: false },
    offices: { attribute: false },
    conversation: { attribute: false },
    appointmentAt: { attribute: false },
    tellMe: { attribute: false },
    lastCheck: { attribute: false },
    onNeeds: { attribute: false },
    failure: { state: true },
  };
  declare entryId: QueueEntryId;
  declare entries: MyEntries;
  declare offices: Observable<KnownOffices>;
  /** Draws log and composer of the ticket's conversation. */
  declare conversation: (conversationId: ConversationId) => TemplateResult;
  /** The start of an appointment; null when it is not known here. */
  declare appointmentAt: (appointmentId: AppointmentId) => number | null;
  /** The offer to be told on a closed page. */
  declare tellMe: unknown;
  /** What the device check found on this device not long ago. */
  declare lastCheck: Readiness | null;
  /** To be remembered for the next time. */
  declare onNeeds: (needs: readonly Need[]) => void;
  declare failure: { readonly heading: string; readonly text: string } | null;
  readonly #places = new PlaceAnnouncer();
  #toldCheck = false;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.entries.state, this.offices]));
    this.tellMe = nothing;
    this.lastCheck = null;
    this.failure = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    setTitlePrefix(null);
  }

  protected override willUpdate(): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    if (entry.place !== null) this.#places.moved(entry.ticketNumber, entry.place);
    setTitlePrefix(prefixOf(entry));
    this.#tellLastCheck(entry);
  }

  protected override render(): TemplateResult {
    const entry = this.#entry;
    if (entry !== undefined) return this.#room(entry);
    if (!this.entries.state.value.loaded) return html`<h1>${t('queue.waitingTitle')}</h1><p class="loading">${t('queue.loading')}</p>`;
    return html`<div class="prose">
      <h1>${t('queue.goneTitle')}</h1>
      <p class="lead">${t('queue.goneText')}</p>
      <p class="button-row"><a class="button" href=${href('/conversations')}>${t('conversations.back')}</a></p>
    </div>`;
  }

  get #entry(): QueueEntryView | undefined {
    return this.entries.find(this.entryId);
  }

  #room(entry: QueueEntryView): TemplateResult {
    const service = findService(this.offices.value.offices, entry.serviceId);
    const names = service === null ? '' : `${service.service.name[locale()]}, ${service.office.name[locale()]}`;
    const waits = entry.state === 'waiting' || entry.state === 'parked';
    const explained = lostTurnText(entry);
    return html`<div class="columns">
      <div>
        ${
          this.failure === null
            ? nothing
            : notice({ kind: 'danger', heading: this.failure.heading, body: html`<p>${this.failure.text}</p>`, outcome: true })
        }
        ${this.failure === null && explained !== null ? notice({ kind: 'warning', body: html`<p>${explained}</p>` }) : nothing}
        <h1>${headings[entry.state]()}</h1>
        <p class="lead">${names}</p>
        ${this.#card(entry)}
        ${
          waits
            ? html`<gov-needs-card .entry=${entry} .onState=${async (needs: readonly Need[]) => await this.#setNeeds(needs)}></gov-needs-card>`
            : nothing
        }
        <section aria-labelledby="write-title">
          <h2 id="write-title">${waits ? t('queue.writeTitle') : t('queue.toConversation')}</h2>
          ${waits ? html`<p class="muted">${t('queue.writeText')}</p>` : nothing}
          ${this.conversation(entry.conversationId)}
        </section>
      </div>
      <aside>${waits ? whileYouWait(entry) : nothing}</aside>
    </div>`;
  }

  #card(entry: QueueEntryView): TemplateResult {
    if (entry.state === 'ended' || entry.state === 'left') return finishedTicket(entry);
    if (entry.state === 'waiting') return this.#waiting(entry);
    if (entry.state === 'parked')
      return parkedTicket(
        entry,
        html`<div class="button-row">
          <button class="button" @click=${this.#comeBack}>${t('queue.back')}</button>
          ${this.#leaveButton()}
        </div>`,
      );
    return html`<section class="card">
      <p>${entry.state === 'called' ? t('queue.callWaits') : t('queue.callGoesOn')}</p>
      <p class="button-row"><a class="button" href=${href(`/calls/${entry.callId ?? ''}`)}>${video}${t('queue.toCall')}</a></p>
    </section>`;
  }

  #waiting(entry: QueueEntryView): TemplateResult {
    const { appointmentId, serviceId } = entry;
    return waitingTicket(entry, {
      appointmentAt: appointmentId === null ? null : this.appointmentAt(appointmentId),
      service: findService(this.offices.value.offices, serviceId)?.service ?? null,
      actions: this.#actions(entry),
    });
  }

  #actions({ appointmentId, serviceId, conversationId }: QueueEntryView): TemplateResult {
    return html`${this.tellMe}
    <div class="button-row">
      <button class="button button-secondary" @click=${this.#toggleSound}>
        ${isChimeOn() ? bellOff : bell}${isChimeOn() ? t('queue.soundOff') : t('queue.soundOn')}
      </button>
      ${
        appointmentId === null
          ? html`<a class="button button-secondary" href=${href(`/services/${serviceId}/book?conversation=${conversationId}`)}>${t('queue.bookInstead')}</a>`
          : nothing
      }
      ${this.#leaveButton()}
    </div>`;
  }

  #leaveButton(): TemplateResult {
    return html`<button class="button button-quiet" @click=${this.#leave}>${t('queue.leave')}</button>`;
  }

  /** A check of a little while ago on this device counts for a ticket that came after it. */
  #tellLastCheck({ state, readiness, entryId }: QueueEntryView): void {
    if (this.#toldCheck || this.lastCheck === null || readiness !== null || state !== 'waiting') return;
    this.#toldCheck = true;
    // Whoever cannot be told now is told by the next check.
    this.entries.setReadiness(entryId, this.lastCheck).catch(() => undefined);
  }

  async #setNeeds(needs: readonly Need[]): Promise<void> {
    await this.entries.setNeeds(this.entryId, needs);
    this.onNeeds(needs);
  }

  readonly #toggleSound = (): void => {
    setChime(!isChimeOn());
    this.requestUpdate();
  };

  readonly #leave = async (): Promise<void> => {
    const agreed = await confirmDialog({
      heading: t('queue.leaveTitle'),
      text: t('queue.leaveText'),
      confirm: t('queue.leave'),
      danger: true,
    });
    if (agreed) await this.#try(t('queue.leaveFailed'), async () => await this.entries.leave(this.entryId));
  };

  readonly #comeBack = async (): Promise<void> => {
    await this.#try(t('queue.backFailed'), async () => await this.entries.comeBack(this.entryId));
  };

  /** The page is another one afterwards: whoever reads it by ear begins at its heading. */
  async #try(heading: string, act: () => Promise<void>): Promise<void> {
    this.failure = null;
    try {
      await act();
      await this.updateComplete;
      this.querySelector<HTMLElement>('h1')?.focus();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.failure = { heading, text: errorText(error.code) };
    }
  }
}

const headings = {
  waiting: () => t('queue.waitingTitle'),
  called: () => t('queue.calledTitle'),
  parked: () => t('queue.parkedTitle'),
  accepted: () => t('queue.callWaits'),
  ended: () => t('queue.endedTitle'),
  left: () => t('queue.leftTitle'),
} as const satisfies Record<QueueEntryView['state'], () => string>;

function prefixOf({ state, place }: QueueEntryView): string | null {
  return state === 'waiting' && place !== null ? t('queue.titlePrefix', { place }) : null;
}

customElements.define('gov-waiting-room', WaitingRoom);
