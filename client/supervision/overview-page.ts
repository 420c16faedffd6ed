import { html, nothing, type TemplateResult } from 'lit';
import maximize from 'lucide-static/icons/maximize.svg?icon';
import minimize from 'lucide-static/icons/minimize.svg?icon';
import volume from 'lucide-static/icons/volume-2.svg?icon';
import type { LoadFigures } from '../../server/protocol/supervision.ts';
import { fmt } from '../i18n/fmt.ts';
import type { KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Subscribe } from '../net/subscribe.ts';
import type { Observable } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import { announcer } from '../ui/announcer.ts';
import { GovPage } from '../ui/gov-page.ts';
import '../ui/wall.css';
import { CrossingAnnouncer } from './crossing-announcer.ts';
import { adviceText, figureTiles, stateWord, tileName, type TileName } from './figure-tiles.ts';
import { type Overview, overviewOf } from './judgement.ts';
import { LoadWatch } from './load-watch.ts';
import { accuracyNote, serviceTable, teamList } from './load-tables.ts';

/** The longest wait ticks on, the clock too. */
const tickMs = 1_000;
/** Figures that have not been live for so long say so. */
const staleMs = 15_000;

/** What a supervisor needs at a glance: how many wait, how long, who is there. Figures only. */
export class OverviewPage extends GovPage {
  static override properties = {
    request: { attribute: false },
    on: { attribute: false },
    line: { attribute: false },
    offices: { attribute: false },
    onWall: { state: true },
  };
  declare request: RequestFunction;
  declare on: Subscribe;
  declare line: Observable<ConnectionState>;
  declare offices: Observable<KnownOffices>;
  /** Large figures for across the room, without names of people. */
  declare onWall: boolean;
  #watch: LoadWatch | null = null;
  #stops: (() => void)[] = [];
  readonly #crossings = new CrossingAnnouncer<TileName>((crossed) => this.#tellCrossings(crossed));

  constructor() {
    super();
    this.onWall = new URLSearchParams(location.search).has('wall');
    this.addEventListener('keydown', (event) => event.key === 'Escape' && this.onWall && this.#setWall(false));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#watch?.close();
    this.#crossings.close();
  }

  protected override firstUpdated(): void {
    const watch = new LoadWatch({ request: this.request, on: this.on, line: this.line });
    const draw = (): void => this.requestUpdate();
    const timer = setInterval(draw, tickMs);
    this.#watch = watch;
    this.#stops = [watch.state.subscribe(draw), this.offices.subscribe(draw), () => clearInterval(timer)];
  }

  protected override willUpdate(): void {
    const overview = this.#overview;
    if (overview !== null && !this.#isStale) this.#crossings.judged(overview.judgements);
  }

  protected override render(): TemplateResult {
    const figures = this.#watch?.state.value.figures ?? null;
    const overview = this.#overview;
    const classes = ['overview', this.onWall ? 'wall' : '', this.#isStale ? 'wall-stale' : ''].filter((name) => name !== '');
    return html`<div class=${classes.join(' ')}>
      <header class="wall-head">
        <h1>${t('shell.overview')}</h1>
        <p class="wall-time">${this.#timeWords()}</p>
        <p class="wall-tools">
          <button class="button button-secondary" @click=${this.#readFigures}>${volume}${t('supervision.readNow')}</button>
          <button class="button button-secondary" @click=${() => this.#setWall(!this.onWall)}>
            ${this.onWall ? minimize : maximize}${t(this.onWall ? 'supervision.wallOff' : 'supervision.wallOn')}
          </button>
        </p>
      </header>
      ${figures === null || overview === null ? html`<p class="loading">${t('supervision.loading')}</p>` : this.#figures(figures, overview)}
    </div>`;
  }

  #figures(figures: LoadFigures, overview: Overview): TemplateResult {
    const tables = html`<div class="overview-tables">
        <div>
          <h2 id="per-service">${t('supervision.perService')}</h2>
          ${serviceTable(figures, { offices: this.offices.value, now: this.#serverNow })}
          ${accuracyNote(figures)}
        </div>
        <section aria-labelledby="team">
          <h2 id="team">${t('supervision.team')}</h2>
          ${teamList(figures)}
        </section>
      </div>
      <p class="muted">${t('supervision.metadata')}</p>`;
    return html`<p class="wall-advice">${adviceText(overview)}</p>
      ${figureTiles(overview)} ${this.onWall ? nothing : tables}`;
  }

  get #serverNow(): number {
    const state = this.#watch?.state.value;
    // What nobody has heard anything of does not grow older on the screen.
    return (state?.lostAt ?? Date.now()) + (state?.clockAheadMs ?? 0);
  }

  get #overview(): Overview | null {
    const figures = this.#watch?.state.value.figures ?? null;
    return figures === null ? null : overviewOf(figures, this.#serverNow);
  }

  get #isStale(): boolean {
    const lostAt = this.#watch?.state.value.lostAt ?? null;
    return lostAt !== null && Date.now() - lostAt >= staleMs;
  }

  #timeWords(): string {
    if (this.#watch?.state.value.figures == null) return '';
    const time = fmt.time(this.#serverNow);
    return this.#isStale ? t('supervision.stale', { time }) : t('supervision.asOf', { time });
  }

  #tellCrossings(crossed: readonly TileName[]): void {
    const overview = this.#overview;
    if (overview === null) return;
    const words = crossed.map((name) => t('supervision.crossing', { name: tileName(name), state: stateWord(overview.judgements[name]) }));
    announcer().announce(words.join('. '));
  }

  readonly #readFigures = (): void => {
    const overview = this.#overview;
    if (overview === null) return;
    const { waiting, longestMinutes, available } = overview;
    const longest = longestMinutes === null ? t('supervision.longestNone') : fmt.duration(longestMinutes * 60_000);
    const figures = t('supervision.reading', { waiting: fmt.number(waiting), longest, available: fmt.number(available) });
    announcer().announce(`${this.#timeWords()}. ${figures}`);
  };

  #setWall(onWall: boolean): void {
    this.onWall = onWall;
    history.replaceState(history.state, '', onWall ? `${location.pathname}?wall` : location.pathname);
    // Where the browser refuses the whole screen the figures are large all the same.
    if (onWall) void document.documentElement.requestFullscreen().catch(() => undefined);
    else if (document.fullscreenElement !== null) void document.exitFullscreen();
  }
}

customElements.define('gov-overview-page', OverviewPage);
