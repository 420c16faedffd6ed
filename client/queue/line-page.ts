import { html, nothing, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import type { Need, QueueEntryView } from '../../server/protocol/queue.ts';
import type { Profile } from '../storage/texts.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { locale, t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { GovPage } from '../ui/gov-page.ts';
import { needsField } from '../ui/needs-field.ts';
import { href, navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { admits, isToday } from './admission.ts';
import { isOpen, type MyEntries } from './my-entries.ts';
import './queue.css';

/** Taking a number: what it means, how long it takes now, one button. */
export class LinePage extends GovPage {
  static override properties = {
    service: { attribute: false },
    office: { attribute: false },
    entries: { attribute: false },
    profile: { attribute: false },
    openConversation: { attribute: false },
    joinsAtOnce: { attribute: false },
    needs: { state: true },
    joining: { state: true },
    failure: { state: true },
  };
  declare service: ServiceView;
  declare office: OfficeView;
  declare entries: MyEntries;
  declare profile: Profile;
  /** The conversation the ticket belongs to. */
  declare openConversation: () => Promise<ConversationId>;
  /** For somebody who has just signed in to take a number: nothing has to be pressed twice. */
  declare joinsAtOnce: boolean;
  declare needs: readonly Need[];
  declare joining: boolean;
  declare failure: string | null;
  #remembered = true;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.entries.state]));
    this.joinsAtOnce = false;
    this.needs = [];
    this.joining = false;
    this.failure = null;
  }

  protected override firstUpdated(): void {
    void this.#begin();
  }

  protected override render(): TemplateResult {
    const { serviceId, opening } = this.service;
    // An office's line is one: a number for another of its services is the number here, too.
    const here = new Set(this.office.services.map((service) => service.serviceId));
    const mine = this.entries.state.value.entries.find((entry) => here.has(entry.serviceId) && isOpen(entry));
    return html`<p><a class="back-link" href=${href(`/services/${serviceId}`)}>${arrowLeft}${this.service.name[locale()]}</a></p>
      <div class="prose">
        ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
        <h1>${this.#title(mine !== undefined)}</h1>
        <p class="lead">${this.service.name[locale()]}, ${this.office.name[locale()]}</p>
        ${mine === undefined && !admits(opening, this.#now) ? html`<p>${closedText(this.service)}</p>${this.#otherWays()}` : this.#open(mine)}
      </div>`;
  }

  get #now(): number {
    return this.entries.clock.now();
  }

  #title(hasNumber: boolean): string {
    const { opening } = this.service;
    if (hasNumber || admits(opening, this.#now)) return t('queue.lineTitle');
    return opening.state === 'open' ? t('queue.admissionOverTitle') : t('queue.closedTitle');
  }

  #open(mine: QueueEntryView | undefined): TemplateResult {
    const { opening } = this.service;
    if (mine !== undefined)
      return html`<p class="button-row">
        <a class="button" href=${href(`/queue/${mine.entryId}`)}>${t('offices.waitingLink', { ticket: mine.ticketNumber })}</a>
      </p>`;
    return html`<p>${t('queue.lineIntro')}</p>
      <dl class="facts">
        <dt>${t('queue.waitLabel')}</dt>
        <dd>${waitNow(this.service)}${honesty(this.service)}</dd>
      </dl>
      ${opening.state === 'open' && isToday(opening.admitsUntil) ? html`<p><strong>${t('queue.admitsUntil', { time: fmt.time(opening.admitsUntil) })}</strong></p>` : nothing}
      <p>${t('queue.lineCamera')}</p>
      <p>${t('queue.keepPlace')}</p>
      ${needsField({ stated: this.needs, remembered: this.#remembered, onChange: this.#state })}
      <p class="button-row">
        <button class="button" aria-disabled=${this.joining ? 'true' : nothing} @click=${this.#join}>${t('queue.joinButton')}</button>
        <a class="button button-secondary" href=${href('/device-check')}>${t('queue.checkDevices')}</a>
        ${this.joining ? html`<span class="muted">${t('queue.joining')}</span>` : nothing}
      </p>`;
  }

  #otherWays(): TemplateResult {
    const { serviceId } = this.service;
    return html`<p class="button-row">
      <a class="button" href=${href(`/services/${serviceId}/write`)}>${t('appointments.write')}</a>
      <a class="button button-secondary" href=${href(`/services/${serviceId}/book`)}>${t('queue.bookInstead')}</a>
    </p>`;
  }

  /** What was stated the last time is filled in; somebody who has just signed in for a number gets it with that. */
  async #begin(): Promise<void> {
    this.needs = await this.profile.loadNeeds();
    if (this.joinsAtOnce && admits(this.service.opening, this.#now)) await this.#join();
  }

  readonly #state = (needs: readonly Need[]): void => {
    this.#remembered = false;
    this.needs = needs;
  };

  readonly #join = async (): Promise<void> => {
    if (this.joining) return;
    this.joining = true;
    this.failure = null;
    try {
      const entry = await this.entries.join({
        serviceId: this.service.serviceId,
        conversationId: await this.openConversation(),
        language: locale(),
        needs: this.needs,
      });
      await this.profile.saveNeeds(this.needs);
      navigate(`/queue/${entry.entryId}`, { replace: true });
    } catch (error) {
      this.failure = error instanceof RequestError ? errorText(error.code) : t('conversations.startUntrusted');
    } finally {
      this.joining = false;
    }
  };
}

function closedText({ opening }: ServiceView): string {
  if (opening.state === 'open') return t('queue.admissionOverText', { time: fmt.time(opening.admitsUntil) });
  return opening.opensAt === null ? t('errors.closed') : t('queue.opensAgain', { when: fmt.dateTime(opening.opensAt) });
}

/** How far the ranges of late can be trusted. */
function honesty({ wait, waitsWithin }: ServiceView): TemplateResult | typeof nothing {
  return wait === null || waitsWithin === null
    ? nothing
    : html`<br /><span class="meta">${t('queue.waitsWithin', { percent: waitsWithin })}</span>`;
}

function waitNow({ wait, waiting }: ServiceView): string {
  if (wait !== null) return t('queue.waitAbout', { wait: fmt.wait(wait) });
  return waiting === 0 ? t('offices.noWait') : t('queue.waitUnknown');
}

customElements.define('gov-line-page', LinePage);
