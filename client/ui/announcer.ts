/** Where a screen reader listens: an empty `role=status` and an empty `role=alert`. */
export interface AnnouncerRegions {
  readonly polite: { textContent: string | null };
  readonly assertive: { textContent: string | null };
}

interface Announcement {
  readonly text: string;
  readonly urgent: boolean;
  readonly merge: Merge | null;
  readonly count: number;
}

/** How several waiting announcements of one kind become one: "3 new messages". */
export interface Merge {
  readonly kind: string;
  readonly combine: (count: number) => string;
}

const spacingMs = 500;
const repeatMs = 1_000;
const lingerMs = 5_000;

/**
 * Speaks one thing at a time, 500 ms apart, urgent things first. What is already waiting, or was said a moment ago, is
 * not said twice. While a modal dialog is open its own regions are used: the page behind it is inert.
 */
export class Announcer {
  readonly #pages: AnnouncerRegions[];
  #waiting: Announcement[] = [];
  #pausing = false;
  #last = { text: '', at: -Infinity };
  #clearing: ReturnType<typeof setTimeout> | undefined;

  constructor(regions: AnnouncerRegions) {
    this.#pages = [regions];
  }

  /** Says `text` once. `urgent` interrupts: only for a call coming, your turn, the end of the session, a connection lost for long. */
  announce(text: string, { urgent = false, merge = null }: { urgent?: boolean; merge?: Merge | null } = {}): void {
    const same = this.#waiting.some((waiting) => waiting.text === text && waiting.urgent === urgent);
    const justSaid = this.#last.text === text && Date.now() - this.#last.at < repeatMs;
    if (merge === null && (same || justSaid)) return;
    this.#waiting.push({ text, urgent, merge, count: 1 });
    if (merge !== null) this.#combine(merge);
    if (!this.#pausing) this.#sayNext();
  }

  /** Announces into a dialog's own regions until the returned function is called. */
  enter(regions: AnnouncerRegions): () => void {
    this.#pages.push(regions);
    return () => void this.#pages.splice(this.#pages.indexOf(regions), 1);
  }

  #combine(merge: Merge): void {
    const alike = this.#waiting.filter((waiting) => waiting.merge?.kind === merge.kind);
    const count = alike.reduce((sum, waiting) => sum + waiting.count, 0);
    if (count < 2) return;
    const others = this.#waiting.filter((waiting) => waiting.merge?.kind !== merge.kind);
    this.#waiting = [...others, { text: merge.combine(count), urgent: alike.some((waiting) => waiting.urgent), merge, count }];
  }

  #sayNext(): void {
    const urgent = this.#waiting.findIndex((waiting) => waiting.urgent);
    const [next] = this.#waiting.splice(Math.max(urgent, 0), 1);
    this.#pausing = next !== undefined;
    if (next === undefined) return;
    this.#say(next);
    setTimeout(() => this.#sayNext(), spacingMs);
  }

  #say({ text, urgent }: Announcement): void {
    const regions = this.#pages.at(-1);
    if (regions === undefined) return;
    const region = urgent ? regions.assertive : regions.polite;
    // A region that already holds these words would stay silent; emptied first, they are a change again.
    region.textContent = '';
    region.textContent = text;
    this.#last = { text, at: Date.now() };
    clearTimeout(this.#clearing);
    // Nobody who reads on through the page should come upon old news.
    this.#clearing = setTimeout(() => {
      region.textContent = '';
    }, lingerMs);
  }
}

function find(id: string): HTMLElement {
  const region = document.getElementById(id);
  if (region === null) throw new Error(`the page has no #${id}`);
  return region;
}

let page: Announcer | undefined;

/** The page's one announcer, over the two regions that are in its HTML from the start. */
export function announcer(): Announcer {
  page ??= new Announcer({ polite: find('announcer-polite'), assertive: find('announcer-assertive') });
  return page;
}
