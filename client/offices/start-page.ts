import { html, nothing, type TemplateResult } from 'lit';
import chevronRight from 'lucide-static/icons/chevron-right.svg?icon';
import search from 'lucide-static/icons/search.svg?icon';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import { fmt } from '../i18n/fmt.ts';
import { locale, t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { OfficeList } from './office-list.ts';
import { openingBadge, waitWords } from './opening.ts';
import { otherWays } from './other-ways.ts';
import { matches } from './service-search.ts';

/** Choose a service: search, offices with their services and the wait now, and the other ways in. */
export class StartPage extends GovPage {
  static override properties = { offices: { attribute: false }, openMatters: { attribute: false }, query: { state: true } };
  declare offices: OfficeList;
  /** What somebody signed in has open; nothing for a visitor. */
  declare openMatters: unknown;
  declare query: string;
  #stopRefreshing: (() => void) | undefined;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.offices.state]));
    this.query = '';
    this.openMatters = nothing;
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
    return html`<h1>${t('shell.startTitle')}</h1>
      <p class="lead">${t('shell.startText')}</p>
      <div class="columns">
        <div>${offices === null ? this.#waiting(failed) : this.#services(offices)}</div>
        <aside>${steps()}${otherWays(offices ?? [])}</aside>
      </div>`;
  }

  #waiting(failed: boolean): TemplateResult {
    if (!failed) return html`<p class="loading">${t('offices.loading')}</p>`;
    return html`${notice({ kind: 'warning', heading: t('offices.loadFailed'), body: html`<p>${t('errors.unavailable')}</p>` })}
      <button class="button" @click=${() => void this.offices.refresh()}>${t('shell.retry')}</button>`;
  }

  #services(offices: readonly OfficeView[]): TemplateResult {
    if (offices.length === 0) return html`<p>${t('offices.empty')}</p>`;
    const found = offices
      .map((office) => ({ office, services: office.services.filter((service) => matches(service, this.query)) }))
      .filter(({ services }) => services.length > 0);
    return html`<form role="search" class="field" @submit=${(event: Event) => event.preventDefault()}>
        <label class="label" for="search">${t('offices.search')}</label>
        <div class="search">
          ${search}<input
            class="input input-search"
            id="search"
            type="search"
            autocomplete="off"
            enterkeyhint="search"
            .value=${this.query}
            @input=${this.#search}
          />
        </div>
      </form>
      ${this.query === '' ? this.openMatters : nothing} ${this.#staleness()} ${found.map(({ office, services }) => officeServices(office, services))}
      ${found.length > 0 ? nothing : this.#nothingFound()}`;
  }

  #staleness(): TemplateResult | typeof nothing {
    const { failed, loadedAt } = this.offices.state.value;
    return failed ? notice({ kind: 'warning', body: html`<p>${t('offices.stale', { time: fmt.time(loadedAt) })}</p>` }) : nothing;
  }

  #nothingFound(): TemplateResult {
    return html`<p>${t('offices.nothingFound', { query: this.query })}</p>
      <button class="button button-secondary" @click=${this.#showAll}>${t('offices.showAll')}</button>`;
  }

  readonly #showAll = (): void => {
    this.query = '';
    this.querySelector<HTMLElement>('#search')?.focus();
  };

  readonly #search = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.query = event.target.value;
    const services = (this.offices.state.value.offices ?? []).flatMap((office) => office.services);
    const count = services.filter((service) => matches(service, this.query)).length;
    announcer().announce(t('offices.found', { count }), { merge: { kind: 'search', combine: () => t('offices.found', { count }) } });
  };
}

function officeServices(office: OfficeView, services: readonly ServiceView[]): TemplateResult {
  return html`<h2>${office.name[locale()]}</h2>
    <ul class="rows">
      ${services.map(
        (service) => html`<li class="row">
          <h3 class="row-title"><a href=${href(`/services/${service.serviceId}`)}>${service.name[locale()]}</a></h3>
          <p class="row-text">${service.summary[locale()]}</p>
          <p class="row-state">
            ${openingBadge(service)}${service.opening.state === 'open' ? html`<span>${waitWords(service)}</span>` : nothing}
          </p>
          ${chevronRight}
        </li>`,
      )}
    </ul>`;
}

function steps(): TemplateResult {
  return html`<section aria-labelledby="steps">
    <h2 id="steps">${t('offices.stepsTitle')}</h2>
    <ol class="steps">
      <li>${t('offices.stepChoose')}</li>
      <li>${t('offices.stepSignIn')}</li>
      <li>${t('offices.stepTalk')}</li>
    </ol>
  </section>`;
}

customElements.define('gov-start-page', StartPage);
