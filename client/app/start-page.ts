import { html, nothing, type TemplateResult } from 'lit';
import chevronRight from 'lucide-static/icons/chevron-right.svg?icon';
import search from 'lucide-static/icons/search.svg?icon';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import { fmt } from '../i18n/fmt.ts';
import { locale, t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { badge } from '../ui/badge.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href } from '../ui/navigate.ts';
import { matches } from './service-search.ts';

/** Choose a service: search, offices with their services and the wait now, and the other ways in. */
export class StartPage extends GovElement {
  static override properties = { offices: { attribute: false }, query: { state: true } };
  /** Null while they are on their way. */
  declare offices: readonly OfficeView[] | null;
  declare query: string;

  constructor() {
    super();
    this.offices = null;
    this.query = '';
  }

  protected override render(): TemplateResult {
    return html`<h1>${t('shell.startTitle')}</h1>
      <p class="lead">${t('shell.startText')}</p>
      <div class="columns">
        <div>${this.offices === null ? html`<p class="loading">${t('shell.loading')}</p>` : this.#services(this.offices)}</div>
        <aside>
          ${this.#steps()}${this.offices === null ? nothing : this.#otherWays(this.offices)}
        </aside>
      </div>`;
  }

  #services(offices: readonly OfficeView[]): TemplateResult {
    const found = offices
      .map((office) => ({ office, services: office.services.filter((service) => matches(service, this.query)) }))
      .filter(({ services }) => services.length > 0);
    return html`<form role="search" class="field" @submit=${(event: Event) => event.preventDefault()}>
        <label class="label" for="search">${t('start.search')}</label>
        <div class="search">
          ${search}<input class="input input-search" id="search" type="search" autocomplete="off" enterkeyhint="search" .value=${this.query} @input=${this.#search} />
        </div>
      </form>
      ${found.map(({ office, services }) => this.#office(office, services))}
      ${found.length > 0 ? nothing : html`<p>${t('start.nothingFound', { query: this.query })}</p>`}`;
  }

  #office(office: OfficeView, services: readonly ServiceView[]): TemplateResult {
    return html`<h2>${office.name[locale()]}</h2>
      <ul class="rows">
        ${services.map(
          (service) => html`<li class="row">
            <h3 class="row-title"><a href=${href(`/services/${service.serviceId}`)}>${service.name[locale()]}</a></h3>
            <p class="row-text">${service.summary[locale()]}</p>
            <p class="row-state">${openingBadge(service)}${service.opening.state === 'open' ? html`<span>${waitWords(service)}</span>` : nothing}</p>
            ${chevronRight}
          </li>`,
        )}
      </ul>`;
  }

  #steps(): TemplateResult {
    return html`<section aria-labelledby="steps">
      <h2 id="steps">${t('start.stepsTitle')}</h2>
      <ol class="steps">
        <li>${t('start.stepChoose')}</li>
        <li>${t('start.stepSignIn')}</li>
        <li>${t('start.stepTalk')}</li>
      </ol>
    </section>`;
  }

  #otherWays(offices: readonly OfficeView[]): TemplateResult {
    return html`<section class="card" aria-labelledby="other-ways">
      <h2 id="other-ways">${t('start.otherWays')}</h2>
      ${offices.map(
        (office) => html`<h3>${office.name[locale()]}</h3>
          <p>
            ${t('start.phone')}: <a class="nowrap" href="tel:${office.phone.replaceAll(/[^\d+]/g, '')}">${office.phone}</a><br />
            ${t('start.counter')}: ${office.address}
          </p>`,
      )}
    </section>`;
  }

  readonly #search = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.query = event.target.value;
    const count = (this.offices ?? []).flatMap((office) => office.services).filter((service) => matches(service, this.query)).length;
    announcer().announce(t('start.found', { count }), { merge: { kind: 'search', combine: () => t('start.found', { count }) } });
  };
}

/** Open or closed, and until when, in words. */
export function openingBadge({ opening }: ServiceView): TemplateResult {
  if (opening.state === 'open') return badge('ok', t('start.openUntil', { time: fmt.time(opening.closesAt) }));
  if (opening.opensAt === null) return badge('off', t('start.closed'));
  return badge('off', t('start.closedUntil', { when: fmt.dateTime(opening.opensAt) }));
}

/** The wait for somebody who joins now, in words. */
export function waitWords({ wait, waiting }: ServiceView): string {
  if (wait === null) return waiting === 0 ? t('start.noWait') : t('start.waitUnknown');
  return wait.toMinutes < 1 ? t('start.noWait') : t('start.wait', { wait: fmt.wait(wait) });
}

customElements.define('gov-start-page', StartPage);
