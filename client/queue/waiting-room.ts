import { html, nothing, type TemplateResult } from 'lit';
import bell from 'lucide-static/icons/bell.svg?icon';
import bellOff from 'lucide-static/icons/bell-off.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import type { ConversationId, QueueEntryId } from '../../server/protocol/ids.ts';
import type { QueueEntryView } from '../../server/protocol/queue.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
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
import { PlaceAnnouncer } from './place-announcer.ts';
import './queue.css';

/** The citizen's place in the line, honest about the wait; and the conversation, to write meanwhile. */
export class WaitingRoom extends GovPage {
  static override properties = {
    entryId: { attribute: false },
    entries: { attribute: false },
    offices: { attribute: false },
    conversation: { attribute: false },
    failure: { state: true },
  };
  declare entryId: QueueEntryId;
  declare entries: MyEntries;
  declare offices: Observable<KnownOffices>;
  /** Draws log and composer of the ticket's conversation. */
  declare conversation: (conversationId: ConversationId) => TemplateResult;
  declare failure: string | null;
  readonly #places = new PlaceAnnouncer();

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.entries.state, this.offices]));
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
    return this.entries.state.value.entries.find(({ entryId }) => entryId === this.entryId);
  }

  #room(entry: QueueEntryView): TemplateResult {
    const service = findService(this.offices.value.offices, entry.serviceId);
    const names = service === null ? '' : `${service.service.name[locale()]}, ${service.office.name[locale()]}`;
    return html`<div class="columns">
      <div>
        ${this.failure === null ? nothing : notice({ kind: 'danger', heading: t('queue.leaveFailed'), body: html`<p>${this.failure}</p>`, outcome: true })}
        <h1>${headingOf(entry)}</h1>
        <p class="lead">${names}</p>
        ${entry.state === 'waiting' ? this.#ticket(entry) : this.#afterwards(entry)}
        <section aria-labelledby="write-title">
          <h2 id="write-title">${t('queue.writeTitle')}</h2>
          ${entry.state === 'waiting' ? html`<p class="muted">${t('queue.writeText')}</p>` : nothing}
          ${this.conversation(entry.conversationId)}
        </section>
      </div>
      <aside>${entry.state === 'waiting' ? goodToKnow() : nothing}</aside>
    </div>`;
  }

  #ticket(entry: QueueEntryView): TemplateResult {
    return html`<section class="card ticket" aria-label=${t('queue.placeLabel')}>
      <div class="ticket-figures">
        <p><span class="ticket-label">${t('queue.placeLabel')}</span> <strong class="figure">${entry.place}</strong></p>
        <p><span class="ticket-label">${t('queue.ticketLabel')}</span> <strong class="ticket-number">${entry.ticketNumber}</strong></p>
      </div>
      <p class="ticket-before">${t('queue.beforeYou', { count: Math.max(0, (entry.place ?? 1) - 1) })}</p>
      <p>
        ${entry.wait === null ? t('queue.waitUnknown') : html`<strong>${t('queue.waitLine', { wait: fmt.wait(entry.wait) })}</strong>`}
        <span class="meta nowrap">${t('queue.updated', { time: fmt.time(entry.updatedAt) })}</span>
      </p>
      <p>${t('queue.keepPlace')}</p>
      <p>${t('queue.soundText')}</p>
      <div class="button-row">
        <button class="button button-secondary" @click=${this.#toggleSound}>
          ${isChimeOn() ? bellOff : bell}${isChimeOn() ? t('queue.soundOff') : t('queue.soundOn')}
        </button>
        ${
          entry.appointmentId === null
            ? html`<a class="button button-secondary" href=${href(`/services/${entry.serviceId}/book?conversation=${entry.conversationId}`)}>${t('queue.bookInstead')}</a>`
            : nothing
        }
        <button class="button button-quiet" @click=${this.#leave}>${t('queue.leave')}</button>
      </div>
    </section>`;
  }

  #afterwards(entry: QueueEntryView): TemplateResult {
    if (entry.state === 'accepted') {
      return html`<section class="card">
        <p class="button-row"><a class="button" href=${href(`/calls/${entry.callId ?? ''}`)}>${video}${t('queue.toCall')}</a></p>
      </section>`;
    }
    return html`<section class="card">
      <p>${entry.state === 'left' ? t('queue.leftText') : t('queue.endedText')}</p>
      <p class="button-row">
        <a class="button" href=${href(`/conversations/${entry.conversationId}`)}>${t('queue.toConversation')}</a>
        <a class="button button-secondary" href=${href(`/services/${entry.serviceId}/line?conversation=${entry.conversationId}`)}>${t('queue.newTicket')}</a>
      </p>
    </section>`;
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
    if (!agreed) return;
    this.failure = null;
    try {
      await this.entries.leave(this.entryId);
      await this.updateComplete;
      this.querySelector<HTMLElement>('h1')?.focus();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.failure = errorText(error.code);
    }
  };
}

function headingOf({ state }: QueueEntryView): string {
  if (state === 'waiting') return t('queue.waitingTitle');
  if (state === 'accepted') return t('queue.callWaits');
  return state === 'left' ? t('queue.leftTitle') : t('queue.endedTitle');
}

function prefixOf({ state, place }: QueueEntryView): string | null {
  return state === 'waiting' && place !== null ? t('queue.titlePrefix', { place }) : null;
}

function goodToKnow(): TemplateResult {
  return html`<section class="card" aria-labelledby="good-to-know">
    <h2 id="good-to-know">${t('queue.whileTitle')}</h2>
    <ul>
      <li>${t('queue.whileDocuments')}</li>
      <li>${t('queue.whileLight')}</li>
      <li>${t('queue.whileData')}</li>
    </ul>
  </section>`;
}

customElements.define('gov-waiting-room', WaitingRoom);
