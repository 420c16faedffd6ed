import { html, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import calendarDays from 'lucide-static/icons/calendar-days.svg?icon';
import chevronRight from 'lucide-static/icons/chevron-right.svg?icon';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import { findService } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { OfficeList } from './office-list.ts';
import './offices.css';
import { openingBadge, waitWords } from './opening.ts';
import { otherWays } from './other-ways.ts';

interface Way {
  readonly path: string;
  readonly icon: TemplateResult;
  readonly title: string;
  readonly text: string;
}

/** One service: what it is, whether it is open, the wait now, and the ways in. */
export class ServicePage extends GovPage {
  static override properties = { offices: { attribute: false }, serviceId: { attribute: false } };
  declare offices: OfficeList;
  /** As the address says it. */
  declare serviceId: string;
  #stopRefreshing: (() => void) | undefined;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.offices.state]));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopRefreshing?.();
    this.#stopRefreshing = undefined;
  }

  protected override willUpdate(): void {
    this.#stopRefreshing ??= this.offices.keepFresh();
  }

  protected override render(): TemplateResult {
    const { offices, failed } = this.offices.state.value;
    const found = findService(offices, this.serviceId);
    if (found !== null) return page(found.office, found.service);
    return offices === null ? waiting(failed, () => void this.offices.refresh()) : missing();
  }
}

function page(office: OfficeView, service: ServiceView): TemplateResult {
  const isOpen = service.opening.state === 'open';
  return html`<p><a class="back-link" href=${href('/')}>${arrowLeft}${t('offices.allServices')}</a></p>
    <div class="columns">
      <div>
        <h1>${service.name[locale()]}</h1>
        <p class="lead">${service.summary[locale()]}</p>
        <p>${office.name[locale()]}</p>
        <p class="row-state service-state">${openingBadge(service)}${isOpen ? html`<span>${waitWords(service)}</span>` : t('offices.callClosed')}</p>
        <h2>${t('offices.waysTitle')}</h2>
        <ul class="rows">
          ${waysIn(service).map(
            ({ path, icon, title, text }) =>
              html`<li class="row row-way">
                <span class="way-icon">${icon}</span>
                <h3 class="row-title"><a href=${href(path)}>${title}</a></h3>
                <p class="row-text">${text}</p>
                ${chevronRight}
              </li>`,
          )}
        </ul>
      </div>
      <aside>${otherWays([office])}</aside>
    </div>`;
}

/** The quickest way first; what a closed counter cannot do is not offered. */
function waysIn({ serviceId, opening, appointmentMinutes }: ServiceView): readonly Way[] {
  const write = { path: `/services/${serviceId}/write`, icon: messageSquare, title: t('offices.writeTitle'), text: t('offices.writeText') };
  const call = { path: `/services/${serviceId}/line`, icon: video, title: t('offices.callTitle'), text: t('offices.callText') };
  const book = {
    path: `/services/${serviceId}/book`,
    icon: calendarDays,
    title: t('offices.bookTitle'),
    text: t('offices.bookText', { minutes: appointmentMinutes }),
  };
  return opening.state === 'open' ? [call, write, book] : [write, book];
}

function waiting(failed: boolean, onRetry: () => void): TemplateResult {
  if (!failed)
    return html`<h1 class="visually-hidden">${t('shell.loading')}</h1>
    <p class="loading" aria-hidden="true">${t('offices.loading')}</p>`;
  return html`<h1>${t('offices.loadFailed')}</h1>
    ${notice({ kind: 'warning', body: html`<p>${t('errors.unavailable')}</p>` })}
    <button class="button" @click=${onRetry}>${t('shell.retry')}</button>`;
}

function missing(): TemplateResult {
  return html`<h1>${t('offices.serviceMissingTitle')}</h1>
    <p class="lead">${t('offices.serviceMissingText')}</p>
    <p class="button-row"><a class="button" href=${href('/')}>${t('offices.allServices')}</a></p>`;
}

customElements.define('gov-service-page', ServicePage);
