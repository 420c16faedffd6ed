import { Routes } from '@lit-labs/router/routes.js';
import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { Locale } from '../../server/protocol/locale.ts';
import { rememberLocale, splitPath } from '../i18n/locale.ts';
import { loadAreas, locale, setLocale, t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import type { Observable } from '../net/observable.ts';
import { GovElement, PageErrorEvent } from '../ui/gov-element.ts';
import { navigatedEvent, rememberedScroll, rememberScroll } from '../ui/navigate.ts';
import { adoptHeading, setTitlePrefix } from '../ui/page-title.ts';
import { Watch } from '../ui/watch.ts';
import { askedBar, hasAskedBar } from './asked.ts';
import { citizen, hasCompanions } from './citizen.ts';
import './connection-banner.ts';
import { footer } from './footer.ts';
import { masthead } from './masthead.ts';
import { official } from './official.ts';
import { errorPage, loadingText, notFoundPage } from './page-states.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { session } from './session.ts';
import { loadCoreIfSignedIn } from './the-core.ts';
import { yourTurn } from './your-turn.ts';

/** A page that takes longer says so to somebody who does not see it. */
const announceLoadingAfterMs = 1_000;

/** The frame around every page: finds the page for the address, brings what it needs, and looks after title, focus and scroll. */
export class GovApp extends GovElement {
  static override properties = { state: { state: true } };
  declare state: 'loading' | 'ready' | 'failed';
  readonly #session = new Watch(this, session);
  /** What follows a citizen or an official over all pages is drawn as soon as it is here. */
  protected readonly companions = [citizen, hasCompanions, official, hasAskedBar].map((what: Observable<unknown>) => new Watch(this, what));
  readonly #routes: Routes;
  #visit = 0;
  #route: Route | undefined;
  #leaveWindow: AbortController | undefined;

  constructor() {
    super();
    this.state = 'loading';
    this.#routes = new Routes(
      this,
      routes.map((route) => ({
        path: route.path,
        // Two pages behind the same element (the gate) are two elements: what one remembers is not the other's.
        render: (parameters) => keyed(route, route.render(parameters)),
        enter: () => this.#enter(route, this.#visit),
      })),
      { fallback: { render: notFoundPage, enter: () => this.#enter(undefined, this.#visit) } },
    );
    this.addEventListener('click', (event) => this.#onClick(event));
    this.addEventListener(PageErrorEvent.type, () => {
      this.state = 'failed';
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#leaveWindow = new AbortController();
    const { signal } = this.#leaveWindow;
    window.addEventListener(navigatedEvent, () => void this.#visitAddress({ scrollY: 0, moveFocus: true }), { signal });
    window.addEventListener('popstate', () => void this.#visitAddress({ scrollY: rememberedScroll(), moveFocus: true }), { signal });
    history.scrollRestoration = 'manual';
    void loadCoreIfSignedIn();
    void this.#visitAddress({ scrollY: rememberedScroll(), moveFocus: false });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leaveWindow?.abort();
  }

  // The first paint came as plain HTML inside this element; it stays until the page that replaces it is ready.
  protected override shouldUpdate(): boolean {
    return this.hasUpdated || this.state !== 'loading';
  }

  protected override willUpdate(): void {
    if (!this.hasUpdated) this.replaceChildren();
    const role = this.#session.value?.role ?? 'citizen';
    document.documentElement.dataset['density'] = role === 'citizen' ? 'citizen' : 'staff';
  }

  protected override render(): TemplateResult {
    const path = splitPath(location.pathname)?.path ?? '/';
    return html`<a class="skip-link" href="#main" @click=${this.#skip}>${t('shell.skip')}</a>
      ${masthead({ role: this.#session.value?.role ?? null, path, locale: locale(), onLocale: (next) => void this.#switchLocale(next) })}
      <gov-connection-banner></gov-connection-banner>
      ${yourTurn(path)} ${askedBar(path)}
      <main id="main" class=${this.#route?.wide === true ? 'page page-wide' : 'frame page'} tabindex="-1" aria-busy=${this.state === 'loading' ? 'true' : nothing}>
        ${this.state === 'loading' ? loadingText() : nothing}
        ${this.state === 'failed' ? errorPage(() => location.reload()) : this.#routes.outlet()}
      </main>
      ${this.#route?.wide === true ? nothing : footer()}`;
  }

  async #visitAddress({ scrollY, moveFocus }: { scrollY: number; moveFocus: boolean }): Promise<void> {
    this.#visit += 1;
    const visit = this.#visit;
    this.state = 'loading';
    setTitlePrefix(null);
    const address = splitPath(location.pathname) ?? { locale: locale(), path: '/' };
    const slow = setTimeout(() => announcer().announce(t('shell.loading')), announceLoadingAfterMs);
    try {
      if (address.locale !== locale()) await this.#applyLocale(address.locale);
      await this.#routes.goto(address.path);
      if (visit !== this.#visit) return;
      this.state = 'ready';
    } catch (error) {
      if (visit !== this.#visit) return;
      console.error(error);
      this.#route = undefined;
      this.state = 'failed';
    } finally {
      clearTimeout(slow);
    }
    const heading = await this.#settle();
    window.scrollTo(0, scrollY);
    if (moveFocus) heading?.focus({ preventScroll: true });
  }

  /** Brings what the page needs. False when the person has gone elsewhere meanwhile. */
  async #enter(route: Route | undefined, visit: number): Promise<boolean> {
    if (route !== undefined) await Promise.all([loadAreas(route.areas), route.load()]);
    if (visit !== this.#visit) return false;
    this.#route = route;
    return true;
  }

  async #switchLocale(next: Locale): Promise<void> {
    rememberLocale(next);
    const path = splitPath(location.pathname)?.path ?? '/';
    await this.#applyLocale(next);
    history.replaceState(history.state, '', `/${next}${path}${location.search}${location.hash}`);
    this.requestUpdate();
    await this.#settle();
  }

  async #applyLocale(next: Locale): Promise<void> {
    await setLocale(next);
    document.documentElement.lang = next;
  }

  /** Waits until the page's own element has drawn itself; gives its heading, which is by then the document's title. */
  async #settle(): Promise<HTMLElement | null> {
    await this.updateComplete;
    const page = this.querySelector('#main')?.firstElementChild;
    if (page instanceof GovElement) await page.updateComplete;
    return adoptHeading(this);
  }

  readonly #skip = (event: Event): void => {
    event.preventDefault();
    document.getElementById('main')?.focus();
  };

  #onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((target) => target instanceof HTMLAnchorElement);
    if (link === undefined || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
    const address = splitPath(link.pathname);
    if (address === null || (link.pathname === location.pathname && link.hash !== '')) return;
    event.preventDefault();
    rememberScroll();
    history.pushState(null, '', link.href);
    void this.#visitAddress({ scrollY: 0, moveFocus: true });
  }
}
