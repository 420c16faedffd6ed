import { html, nothing, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { locale, t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href, navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { isOpen, type MyEntries } from './my-entries.ts';
import './queue.css';

/** Taking a number: what it means, how long it takes now, one button. */
export class LinePage extends GovPage {
  static override properties = {
    service: { attribute: false },
    office: { attribute: false },
    entries: { attribute: false },
    openConversation: { attribute: false },
    joinsAtOnce: { attribute: false },
    joining: { state: true },
    failure: { state: true },
  };
  declare service: ServiceView;
  declare office: OfficeView;
  declare entries: MyEntries;
  /** The conversation the ticket belongs to. */
  declare openConversation: () => Promise<ConversationId>;
  /** For somebody who has just signed in to take a number: nothing has to be pressed twice. */
  declare joinsAtOnce: boolean;
  declare joining: boolean;
  declare failure: string | null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.entries.state]));
    this.joinsAtOnce = false;
    this.joining = false;
    this.failure = null;
  }

  protected override firstUpdated(): void {
    if (this.joinsAtOnce && this.service.opening.state === 'open') void this.#join();
  }

  protected override render(): TemplateResult {
    const { serviceId, opening } = this.service;
    const mine = this.entries.state.value.entries.find((entry) => entry.serviceId === serviceId && isOpen(entry));
    return html`<p><a class="back-link" href=${href(`/services/${serviceId}`)}>${arrowLeft}${this.service.name[locale()]}</a></p>
      <div class="prose">
        ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
        <h1>${opening.state === 'open' ? t('queue.lineTitle') : t('queue.closedTitle')}</h1>
        <p class="lead">${this.service.name[locale()]}, ${this.office.name[locale()]}</p>
        ${
          opening.state === 'closed' && mine === undefined
            ? html`<p>${t('errors.closed')}</p>${this.#otherWays()}`
            : html`<p>${t('queue.lineIntro')}</p>
              <dl class="facts">
                <dt>${t('queue.waitLabel')}</dt>
                <dd>${waitNow(this.service)}</dd>
              </dl>
              <p>${t('queue.lineCamera')}</p>
              <p>${t('queue.keepPlace')}</p>
              <p class="button-row">
                ${
                  mine === undefined
                    ? html`<button class="button" aria-disabled=${this.joining ? 'true' : nothing} @click=${this.#join}>${t('queue.joinButton')}</button>`
                    : html`<a class="button" href=${href(`/queue/${mine.entryId}`)}>${t('offices.waitingLink', { ticket: mine.ticketNumber })}</a>`
                }
                ${this.joining ? html`<span class="muted">${t('queue.joining')}</span>` : nothing}
              </p>`
        }
      </div>`;
  }

  #otherWays(): TemplateResult {
    const { serviceId } = this.service;
    return html`<p class="button-row">
      <a class="button" href=${href(`/services/${serviceId}/write`)}>${t('appointments.write')}</a>
      <a class="button button-secondary" href=${href(`/services/${serviceId}/book`)}>${t('queue.bookInstead')}</a>
    </p>`;
  }

  readonly #join = async (): Promise<void> => {
    if (this.joining) return;
    this.joining = true;
    this.failure = null;
    try {
      const entry = await this.entries.join({
        serviceId: this.service.serviceId,
        conversationId: await this.openConversation(),
        language: locale(),
      });
      navigate(`/queue/${entry.entryId}`, { replace: true });
    } catch (error) {
      this.failure = error instanceof RequestError ? errorText(error.code) : t('conversations.startUntrusted');
    } finally {
      this.joining = false;
    }
  };
}

function waitNow({ wait, waiting }: ServiceView): string {
  if (wait !== null) return t('queue.waitAbout', { wait: fmt.wait(wait) });
  return waiting === 0 ? t('offices.noWait') : t('queue.waitUnknown');
}

customElements.define('gov-line-page', LinePage);
